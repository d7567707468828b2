//! The machines that the daemon can manage, one module each.
//!
//! All of them implement [`ipmi_bmc::platform::Platform`].

pub mod qemu;
pub mod sim;
pub mod sources;
pub(crate) mod vm;
