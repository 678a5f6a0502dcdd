//! Reads one hostile body of a given length, for callgrind.
//!
//!     grow INDEX LENGTH      reads it
//!     grow control LENGTH    does quadratic work, to show that it would be seen
//!     grow names             prints the names, one a line

#[path = "../../../slack-proto/tests/hostile/mod.rs"]
mod hostile;

use slack_benches::meter::Meter;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [names] if names == "names" => {
            for (name, _) in hostile::bodies(1) {
                println!("{name}");
            }
        }
        [control, length] if control == "control" => {
            let body = vec![0_u8; length.parse().expect("a length")];
            // Each chunk looks at all others.
            let pairs =
                || body.chunks(64).flat_map(|a| body.chunks(64).filter(move |b| a == *b)).count();
            Meter::Instructions.measure(pairs);
        }
        [index, length] => {
            let index: usize = index.parse().expect("an index");
            let (_, body) = hostile::bodies(length.parse().expect("a length")).swap_remove(index);
            Meter::Instructions.measure(|| hostile::read_all(&body));
        }
        _ => panic!("usage: grow INDEX LENGTH, or grow names"),
    }
}
