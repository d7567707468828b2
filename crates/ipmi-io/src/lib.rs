//! The system calls under IPMI and its consoles, and nothing of what the bytes mean.

mod guardian;
mod host;
mod ipmi;
mod random;
mod raw;
mod terminal;
mod udp;
mod undelivered;

pub use guardian::{Guardian, keep_guard};
pub use host::{HostDevice, HostInterface};
pub use ipmi::{IpmiAddress, IpmiDevice, IpmiKind, IpmiMessage, IpmiReceived, Retries};
pub use random::fill_random;
pub use raw::{RawTerminal, restore_terminal, restore_terminal_on_panic};
pub use terminal::{Breaker, Terminal};
pub use udp::{Datagram, ReceiveBuffer, UdpSocket, is_passing};
pub use undelivered::{Reason, Undelivered};
