//! How much the parsers hold, of whatever they are given.

mod hostile;

/// The most that a reader holds at once, for each byte of the body. The worst is a list of workspaces with the shortest of
/// ids, at 58.
const PER_BYTE: u64 = 64;
/// What any reading may take, however short the body is.
const AT_LEAST: u64 = 64 * 1024;

#[test]
fn what_is_held_is_bounded_by_the_bodys_length() {
    for length in [1 << 10, 1 << 14, 1 << 17] {
        for (name, body) in hostile::bodies(length) {
            let held = allocation_counter::measure(|| hostile::read_all(&body)).bytes_max;
            let bytes = u64::try_from(body.len()).unwrap();
            assert!(held <= PER_BYTE * bytes + AT_LEAST, "{name} of {bytes} bytes: {held} held");
        }
    }
}

#[test]
fn the_bound_would_be_seen() {
    let body = vec![b'x'; 1 << 18];
    let held = allocation_counter::measure(|| drop(body.repeat(65))).bytes_max;
    assert!(held > PER_BYTE * (1 << 18) + AT_LEAST);
}
