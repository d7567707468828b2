//! The system calls under IPMI, and nothing of what the bytes mean.

mod random;
mod terminal;
mod udp;
mod undelivered;

pub use random::fill_random;
pub use terminal::{Breaker, Terminal};
pub use udp::{Datagram, ReceiveBuffer, UdpSocket, is_passing};
pub use undelivered::{Reason, Undelivered};
