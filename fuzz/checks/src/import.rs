//! What must hold for rows of other libraries' stores.

use slack_auth::{
    ClientId, Installation, Slot,
    import::{self, Imported},
};

/// Reads the input as the rows of each library: nothing is made up, and nothing secret is shown.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let client_id = ClientId::new("1.2").expect("a client id");
    for imported in [
        import::slack_sdk(&client_id, text, "[]"),
        import::slack_sdk(&client_id, "[]", text),
        import::slack_oauth(text),
    ] {
        match imported {
            Ok(imported) => check_imported(&imported),
            Err(error) => assert!(error.to_string().len() < 100, "the input is not repeated"),
        }
    }
}

fn check_imported(imported: &Imported) {
    for (key, installation) in &imported.installations {
        assert_eq!(installation.key().as_ref(), Some(key.place()));
        assert!(
            [Slot::Bot, Slot::User].iter().any(|slot| installation.credential(*slot).is_some())
        );
        let text = installation.encode_exposing_secrets();
        let back = Installation::decode(text.as_ref()).expect("what is imported can be stored");
        assert_eq!(back.encode_exposing_secrets().as_ref(), text.as_ref());
    }
    let shown = imported.left_out.iter().map(ToString::to_string).collect::<String>();
    assert!(!shown.contains("xox"), "{} lines show a token", imported.left_out.len());
}
