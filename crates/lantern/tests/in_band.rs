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
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "what starts BMCs and programs is shared with the other tests")]
mod programs;
#[path = "in_band/records.rs"]
mod records;
#[path = "in_band/support.rs"]
mod support;

// `programs` checks JSON against the schemas for other tests.
mod schemas {
    pub(crate) fn check(_: &serde_json::Value) {}
}
