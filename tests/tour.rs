//! The tour, over both transports: the same code that `cargo run --example tour` runs.

#[path = "../examples/tour/browser.rs"]
mod browser;
#[path = "../examples/tour/keeping.rs"]
mod keeping;
#[path = "../examples/tour/people.rs"]
mod people;
#[path = "../examples/tour/report.rs"]
mod report;
#[path = "../examples/tour/sign_in.rs"]
mod sign_in;
#[path = "../examples/tour/stage.rs"]
mod stage;
#[path = "../examples/tour/walk.rs"]
mod walk;

/// Runs the tour twice over one folder: the second run picks up what the first has stored.
fn tour(transport: &str) {
    let folder = tempfile::tempdir().unwrap();
    let first = run(transport, folder.path());
    let picked_up = "The installation of an earlier run is picked up";
    assert!(!first.contains(picked_up), "{first}");
    let second = run(transport, folder.path());
    assert!(second.contains(picked_up), "{second}");
    let between = |text: &str, before: &str, after: &str| {
        text.split_once(before).unwrap().1.split_once(after).unwrap().0.to_owned()
    };
    let left = between(&first, "the token is ", " now, until ");
    assert_eq!(between(&second, "its token is ", ", as the last run left it"), left);
    stage::Stage::clear(folder.path()).unwrap();
    assert!(!run(transport, folder.path()).contains(picked_up), "the third begins anew");
}

fn run(transport: &str, folder: &std::path::Path) -> String {
    let mut out = Vec::new();
    walk::run(transport, folder, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("== The tour is complete\n"), "{text}");
    for secret in ["xox", "0123456789abcdef", "code=", "state=", "nonce=", "eyJ"] {
        assert!(!text.contains(secret), "the tour shows {secret}");
    }
    for debug in ["Some(", "None", "[redacted]", " { "] {
        assert!(!text.contains(debug), "the tour prints for programmers: {debug}");
    }
    assert!(text.contains("< workspace: Fake Softball Team (T0FAKE00001)"));
    assert!(text.contains("may chat:write,commands and expires in 12 hours"));
    // Who, where, until when; the sweep; and the late event.
    assert!(text.contains("fakebot in Fake Softball Team: token "));
    assert!(text.contains("second.person in Fake Softball Team: token "));
    assert!(text.matches(" UTC\n").count() > 9);
    assert!(text.contains("the sweep refreshes all three"));
    assert!(text.contains("1 token removed, 2 kept"));
    // Two clients, eight steps each, and two sign-ins, nine steps; each step says something.
    assert_eq!(text.matches("\n8. ").count(), 3);
    assert_eq!(text.matches("\n9. ").count(), 1);
    assert_eq!(text.matches("its signature is wrong").count(), 1);
    assert_eq!(text.matches("invalid_code").count(), 2);
    assert_eq!(text.matches("token_expired").count(), 2);
    text
}

#[test]
fn the_tour_is_complete_over_reqwest() {
    tour("reqwest");
}

#[test]
fn the_tour_is_complete_over_curl() {
    tour("curl");
}
