//! Encodings: what is written is read again, and garbage is refused.

use slack_proto::{
    AccessToken, Installation, Slot, StoreKey, Timestamp,
    error::InvalidEncoding,
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, EncodedSecrets, InstallationKey,
        RefreshToken,
    },
};

use crate::shown;

const GARBAGE: [&[u8]; 6] =
    [b"", b"[", b"{}", b"\xff", br#"{"version":99,"kind":"credential"}"#, &[b'['; 9000]];
const SENT: Timestamp = Timestamp::from_unix(1_000);

pub(crate) fn installations() {
    let credential = Credential::new(AccessToken::new("xoxb-1").unwrap(), SENT);
    let bytes = EncodedSecrets::into_vec(Credential::encode_exposing_secrets(&credential));
    assert_eq!(Credential::decode(&bytes).unwrap().access_token.expose(), "xoxb-1");
    let refresh_token = RefreshToken::new("xoxe-1").unwrap();
    let token = ConfigurationToken::new("xoxe.xoxp-1").unwrap();
    let configuration = ConfigurationCredential::new(token, refresh_token, SENT);
    let bytes = ConfigurationCredential::encode_exposing_secrets(&configuration);
    assert!(!format!("{bytes:?}").contains("xox"));
    assert!(ConfigurationCredential::decode(bytes.as_ref()).is_ok());

    let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
    installation.bot = Some(credential);
    let bytes = Installation::encode_exposing_secrets(&installation);
    let read = Installation::decode(bytes.as_ref()).unwrap();
    assert_eq!(read.credential(Slot::Bot).unwrap().access_token.expose(), "xoxb-1");
    assert_eq!(Slot::as_str(Slot::Bot), "bot");
    for garbage in GARBAGE {
        let error = Installation::decode(garbage).unwrap_err();
        shown(&error);
        assert!(!InvalidEncoding::rule(&error).is_empty());
        assert!(InvalidEncoding::member(&error).len() < 100);
        shown(&Credential::decode(garbage).unwrap_err());
        shown(&ConfigurationCredential::decode(garbage).unwrap_err());
    }
}

pub(crate) fn keys() {
    let place = InstallationKey::grid_workspace("E1".into(), "T/1".into());
    let key = StoreKey::person(place.clone(), "U1".into());
    assert_eq!((StoreKey::place(&key), StoreKey::user(&key)), (&place, Some(&"U1".into())));
    let text = StoreKey::to_text(&key);
    assert_eq!(StoreKey::from_text(&text), Ok(key.clone()));
    assert_eq!(StoreKey::nearest_first(&key).len(), 3);
    for garbage in ["", "team", "grid/E1", "org/E1/x/y", "team/%zz", "\u{1f511}/a"] {
        shown(&StoreKey::from_text(garbage).unwrap_err());
    }
}
