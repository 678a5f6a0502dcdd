//! Shows that no input makes the parsers do quadratic work: a body four times as long costs about four times the
//! instructions. Fails if one costs more.

use slack_benches::table;

const GROW: &str = env!("CARGO_BIN_EXE_grow");
const LENGTH: u32 = 16 * 1024;
/// Quadratic work would cost 16 times as much; vectors that grow, and caches of the allocator, cost a bit more than 4.
const LIMIT: f64 = 6.0;

fn main() {
    println!(
        "{:<26} {:>12} {:>12} {:>6} {:>6}",
        "hostile body", "16 KiB", "64 KiB", "ratio", "limit"
    );
    let names = table::printed(GROW, &["names"]);
    let work = |what: &str, length: u32| {
        table::collected(GROW, &[what, &length.to_string()], &["*measured_call*"])
    };
    let control = table::ratio(work("control", 4 * LENGTH), work("control", LENGTH));
    println!("{:<26} {:>32.2}", "control: quadratic work", control);
    assert!(control > LIMIT, "quadratic work would not be seen");
    let mut steep = 0;
    for (index, name) in names.lines().enumerate() {
        let index = index.to_string();
        let (short, long) = (work(&index, LENGTH), work(&index, 4 * LENGTH));
        let ratio = table::ratio(long, short);
        steep += u32::from(ratio > LIMIT);
        let verdict = if ratio > LIMIT { "STEEP" } else { "pass" };
        println!("{name:<26} {short:>12} {long:>12} {ratio:>6.2} {LIMIT:>6.2}  {verdict}");
    }
    if steep > 0 {
        println!("{steep} bodies make the parsers do more than linear work");
        std::process::exit(1);
    }
}
