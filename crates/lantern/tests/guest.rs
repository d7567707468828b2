//! The program in and around a real Linux: a kernel in QEMU.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; helpers outside of test functions fail them by panicking"
)]

#[path = "guest/hwmon.rs"]
mod hwmon;
