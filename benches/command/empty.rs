//! A program that does nothing: the yardstick of a start.

fn main() {}
