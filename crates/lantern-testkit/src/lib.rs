//! What tests need and nothing else may: programs that others wrote, and a look at the wire.
//!
//! * [`peers`]: ipmitool, FreeIPMI and OpenIPMI's `ipmi_sim`, found, run with a hard time limit and
//!   cleaned up.
//! * [`tap`]: a UDP relay that counts, records and disturbs what passes between two ends.
//! * [`tshark`]: Wireshark's opinion of what was recorded.
//! * [`process`]: running any program without ever waiting for it forever.
//! * [`guest`]: a small Linux in QEMU. [`sector`]: one of 512 bytes. [`efi`]: one that starts by EFI.
//! * [`terminal`]: the same for programs that want to be typed at.
//! * [`sim`]: both of our ends over a virtual network and clock.
//!
//! None but the last uses our own code, so that what they say about it is not said with it.
//! Everything is for loopback only. A helper that cannot do its work panics: that is how a test
//! learns of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests call this; a panic with a clear message is how a helper fails a test"
)]

pub mod efi;
pub mod guest;
pub mod peers;
pub mod process;
pub mod rom;
pub mod sector;
pub mod sim;
pub mod tap;
pub mod terminal;
pub mod tshark;
