//! Streams to programs beside this one: a virtual machine, a console server.
//!
//! * `connect`: they listen. `listen`: they come to us. `retry`: what is lost comes back.

mod connect;
mod listen;
mod retry;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(crate) use connect::{Place, connect};
pub(crate) use listen::Listener;
pub(crate) use retry::Retry;

/// A connection of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A TCP connection for what is said bit by bit, which is found out about if the machine at its other
/// end is gone without a word: nobody there has anything to say unasked.
fn prepare(stream: &TcpStream) {
    use rustix::net::sockopt;

    const SILENT: Duration = Duration::from_secs(10);
    const BETWEEN: Duration = Duration::from_secs(5);
    // A system that refuses one of these lets us wait longer, and does no harm.
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, SILENT);
    let _ = sockopt::set_tcp_keepintvl(stream, BETWEEN);
    let _ = sockopt::set_tcp_keepcnt(stream, 3);
}
