//! What must hold for the addresses that a configuration gives.

use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AuthTest, oauth::RedirectUri};

/// Takes an input as an endpoint and as a redirect URI. A credential goes over https or stays on this machine, judged
/// by a reading that knows nothing of the library's.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(endpoint) = Endpoint::new(text) {
        let origin = endpoint.origin();
        assert_eq!(
            text.strip_suffix('/').unwrap_or(text),
            origin,
            "another origin than the one given"
        );
        assert!(is_safe(&origin), "a credential would leave in the clear: {origin}");
        assert!(Endpoint::new(&origin).is_ok_and(|again| again == endpoint));
        let token = AccessToken::new("xoxb-fake").expect("visible ASCII");
        let request = AuthTest.to_request(&endpoint, &token);
        assert_eq!(request.uri().to_string(), format!("{origin}/api/auth.test"));
    }
    if let Ok(uri) = RedirectUri::new(text) {
        assert_eq!(uri.as_str(), text);
        assert!(!text.contains(['#', ' ', '\r', '\n']), "{text}");
        assert!(
            !text.starts_with("http:") || is_safe(text),
            "a code would leave in the clear: {text}"
        );
    }
    if RedirectUri::insecure_for_tests(text).is_ok() {
        assert!(text.starts_with("http://") && is_safe(text), "{text}");
    }
}

fn is_safe(uri: &str) -> bool {
    if uri.starts_with("https://") {
        return true;
    }
    let Some(rest) = uri.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let v6 = v6.is_some_and(|literal| literal.parse() == Ok(std::net::Ipv6Addr::LOCALHOST));
    host == "localhost" || v6 || is_loopback_v4(host)
}

fn is_loopback_v4(host: &str) -> bool {
    let octets: Vec<&str> = host.split('.').collect();
    let plain = |octet: &&str| octet.parse::<u8>().is_ok_and(|value| value.to_string() == **octet);
    octets.len() == 4 && octets[0] == "127" && octets.iter().all(plain)
}
