//! Whatever happens to a rotation, in whatever order.

mod world;

use arbitrary::{Arbitrary, Unstructured};
use world::{News, Setup, Step, World};

/// Reads each two bytes as something that happens: no panic, no pair lost, no refresh token sent that is known to be
/// spent, no stored pair replaced by an older one, nothing given that is not stored; and what is still to be stored is
/// stored as soon as all goes well.
pub(crate) fn check(input: &[u8]) {
    run(Setup::default(), input.chunks_exact(2).map(|bytes| step(bytes[0], bytes[1])));
}

/// Makes of an input a policy, a kind of pair and a list of what happens.
pub(crate) fn check_events(input: &[u8]) {
    let Ok(Run { setup, steps }) = Run::arbitrary_take_rest(Unstructured::new(input)) else {
        return;
    };
    run(setup, steps);
}

#[derive(Arbitrary)]
struct Run {
    setup: Setup,
    steps: Vec<Step>,
}

fn run(setup: Setup, steps: impl IntoIterator<Item = Step>) {
    let mut world = World::new(setup);
    for step in steps.into_iter().take(500) {
        world.happen(step);
    }
    world.settle();
}

fn step(what: u8, how: u8) -> Step {
    let far = u32::from(how) * 300;
    match (what % 16, what) {
        (_, 240..) => Step::Outcome(how),
        (0..=6, _) => Step::Good,
        (7 | 8, _) => Step::Bad(how),
        (9, _) => Step::Theirs,
        (10, _) if how > 200 => Step::Gone,
        (10, _) if how > 190 => Step::Restored,
        (10, _) => Step::Later(far),
        (11, _) => Step::Earlier(far),
        (12, _) if how % 4 == 0 => Step::Lone,
        (12, _) => Step::Issued,
        (13, _) => Step::News(News::Expired, how),
        (14, _) => Step::News(News::Doubtful, how),
        _ if how % 4 == 0 => Step::News(News::Refresh, how),
        _ => Step::News(News::Exchange, how),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pair_is_refreshed_and_stored_when_all_goes_well() {
        let mut world = World::new(Setup::default());
        for _ in 0..7 {
            world.happen(step(0, 0));
        }
        assert_eq!(world.stored_number(), Some(2));
        assert!(world.rests());
    }

    /// Two thousand cases; the variable `PROPTEST_CASES` asks for another number.
    fn config() -> ProptestConfig {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        ProptestConfig { cases: config.cases.max(2_000), ..config }
    }

    fn any_step() -> impl Strategy<Value = Step> {
        use News::{Doubtful, Exchange, Expired, Look, Refresh};
        let news = prop::sample::select(vec![Look, Refresh, Exchange, Expired, Doubtful]);
        prop_oneof![
            8 => Just(Step::Good),
            4 => any::<u8>().prop_map(Step::Bad),
            2 => (news, any::<u8>()).prop_map(|(news, how)| Step::News(news, how)),
            2 => any::<u8>().prop_map(Step::Outcome),
            1 => Just(Step::Issued),
            1 => Just(Step::Lone),
            1 => Just(Step::Theirs),
            1 => Just(Step::Gone),
            1 => Just(Step::Restored),
            2 => (0..50_000_u32).prop_map(Step::Later),
        ]
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn no_order_of_events_loses_a_pair(
            always_due in any::<bool>(),
            steps in prop::collection::vec(any_step(), 1..120),
        ) {
            run(if always_due { Setup::always_due() } else { Setup::default() }, steps);
        }
    }
}
