//! The system calls under IPMI and its consoles, and nothing of what the bytes mean.

mod random;
mod raw;
mod terminal;
mod udp;
mod undelivered;

pub use random::fill_random;
pub use raw::{RawTerminal, restore_terminal};
pub use terminal::{Breaker, Terminal};
pub use udp::{Datagram, ReceiveBuffer, UdpSocket, is_passing};
pub use undelivered::{Reason, Undelivered};
