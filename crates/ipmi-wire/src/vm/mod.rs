//! The VM protocol: messages of a system interface, and the lines beside it, over a stream between a
//! virtual machine and its BMC.
//!
//! QEMU's `ipmi-bmc-extern` and OpenIPMI's `ipmi_sim` speak it; there is no other specification. A stream
//! is a row of frames without a start byte: all that has come since the last end byte is one. Two end
//! bytes tell messages from control codes, and a third byte escapes all three in between.
//!
//! * [`Deframer`], [`Frame`]: frames, to bytes and back.
//! * [`VmMessage`]: a request or a response in a frame, with the number that a response repeats.
//! * [`ControlCode`]: everything else: power, attention, what the other end is able to do.
//!
//! What was observed of both ends is from QEMU 7.2 (`hw/ipmi/ipmi_bmc_extern.c`) and OpenIPMI 2.0.33.

mod control;
mod framing;
mod message;

pub use control::{Capabilities, ControlCode};
pub use framing::{Deframer, Frame, FrameError};
pub use message::VmMessage;

/// The version of the protocol that both ends speak.
pub const VERSION: u8 = 1;

/// The longest frame, without its end byte and before anything is escaped. QEMU has room for so many
/// bytes; of a longer one it drops the rest.
pub const LONGEST_FRAME: usize = 302;
