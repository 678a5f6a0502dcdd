//! The tour, over both transports: the same code that `cargo run --example tour` runs.

#[path = "../examples/tour/browser.rs"]
mod browser;
#[path = "../examples/tour/report.rs"]
mod report;
#[path = "../examples/tour/sign_in.rs"]
mod sign_in;
#[path = "../examples/tour/stage.rs"]
mod stage;
#[path = "../examples/tour/walk.rs"]
mod walk;

fn tour(transport: &str) {
    let mut out = Vec::new();
    walk::run(transport, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("== The tour is complete\n"), "{text}");
    for secret in ["xox", "0123456789abcdef", "code=", "state=", "nonce=", "eyJ"] {
        assert!(!text.contains(secret), "the tour shows {secret}");
    }
    // Two clients, eight steps each, and two sign-ins, nine steps; each step says something.
    assert_eq!(text.matches("\n8. ").count(), 3);
    assert_eq!(text.matches("\n9. ").count(), 1);
    assert_eq!(text.matches("its signature is wrong").count(), 1);
    assert_eq!(text.matches("invalid_code").count(), 2);
    assert_eq!(text.matches("token_expired").count(), 2);
}

#[test]
fn the_tour_is_complete_over_reqwest() {
    tour("reqwest");
}

#[test]
fn the_tour_is_complete_over_curl() {
    tour("curl");
}
