//! The program in the BMC's own machine: a guest of QEMU whose kernel drives the BMC that QEMU
//! simulates. Neither end of the interface is ours, and neither is the program beside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "in_band/beside.rs"]
mod beside;
#[path = "in_band/diagnosis.rs"]
mod diagnosis;
#[path = "in_band/events.rs"]
mod events;
#[path = "in_band/records.rs"]
mod records;
#[path = "in_band/support.rs"]
mod support;
