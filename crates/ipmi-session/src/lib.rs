//! RMCP+ sessions as state machines without I/O: the remote console and the managed system.
//!
//! Nothing here reads a clock, a socket or the system's random source: bytes, `now` and
//! [`Entropy`] come in as arguments, datagrams and events go out.
//!
//! * [`console`]: one session with one BMC, from Open Session to Close.
//! * [`managed`]: all the sessions of a BMC's LAN channel.
//! * [`sol`]: Serial over LAN, either end of a line.
//! * [`keys`], [`Protection`]: what both ends calculate.

pub mod console;
mod crypto;
mod entropy;
pub mod keys;
mod lessons;
pub mod managed;
mod protection;
pub mod quirk;
mod secret;
mod sequence;
pub mod sol;
mod timing;
mod v15;

pub use crypto::is_supported;
pub use entropy::Entropy;
pub use lessons::Lessons;
pub use protection::{Cover, OpenError, Protection};
pub use quirk::{Quirk, Quirks};
pub use secret::{Digest, Secret};
pub use sequence::Window;
pub use timing::Timing;
pub use v15::V15Protection;
