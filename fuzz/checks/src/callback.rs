//! What must hold for the query that a browser brings back.

use slack_proto::oauth::Callback;

use crate::secrets;

/// Parses a callback given as a query, a path and a URL: all three say the same, and no more than the query does.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Callback::parse(text) {
        Ok(callback) => secrets::assert_hidden(&callback),
        Err(error) => secrets::assert_hidden_error(&error),
    }
    // What begins like a scheme or a path is not taken for a bare query.
    let first = text.split(['/', '=', '&']).next().unwrap_or_default();
    if text.contains(['?', '#']) || first.contains(':') || text.starts_with('/') {
        return;
    }
    let forms =
        [text.to_owned(), format!("/cb?{text}"), format!("https://app.example.com/cb?{text}#x")];
    let [query, path, url] =
        forms.map(|form| Callback::parse(&form).map(|callback| parts(&callback)));
    assert_eq!(query, path);
    assert_eq!(query, url);
    let values = |wanted: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(text.as_bytes());
        pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
    };
    let (codes, states, errors) = (values("code"), values("state"), values("error"));
    if let Ok((code, state)) = query {
        assert!(
            codes.len() <= 1 && states.len() <= 1 && errors.len() <= 1,
            "a repeated parameter was taken"
        );
        assert_eq!(code.is_none(), !errors.is_empty(), "an error and a code were mixed up");
        assert!(code.is_none_or(|code| codes == [code]), "another code came out");
        assert_eq!(state.unwrap_or_default(), states.concat(), "another state came out");
    }
}

fn parts(callback: &Callback) -> (Option<String>, Option<String>) {
    let code = callback.unchecked_code().map(|code| code.expose().to_owned());
    (code, callback.state().map(|state| state.expose().to_owned()))
}
