//! The system calls under IPMI, and nothing of what the bytes mean.

mod udp;

pub use udp::{Datagram, ReceiveBuffer, UdpSocket, is_passing};
