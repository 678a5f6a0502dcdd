//! What the core costs, beside a yardstick that does the same work by hand or by serde alone.
//!
//! `cargo bench --locked --bench core` in this folder prints the table. Instructions, counted by valgrind's callgrind,
//! decide: they repeat on a noisy machine. Nanoseconds and heap allocations stand beside them.

pub mod cases;
pub mod meter;
pub mod table;
pub mod yardstick;
