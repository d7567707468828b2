//! They come to us.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::{TcpListener, UnixListener};

use super::{Stream, prepare};
use crate::control::{self, Bound};

/// A socket that is listened at.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// At an address. Has to be called inside a tokio runtime, as has [`unix`](Self::unix).
    pub(crate) fn tcp(address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(Self::Tcp)
    }

    /// At a path, as the control socket: for nobody but our user, and in place of nothing that
    /// lives. The socket goes with what is returned beside it.
    pub(crate) fn unix(path: &Path) -> io::Result<(Self, Bound)> {
        let (listener, bound) = control::bind(path).map_err(|error| io::Error::other(error.why))?;
        Ok((Self::Unix(UnixListener::from_std(listener)?), bound))
    }

    /// Which address that is.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Whoever comes, and who that is.
    pub(crate) async fn accept(&self) -> io::Result<(Box<dyn Stream>, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                prepare(&stream);
                Ok((Box::new(stream), peer.to_string()))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), "a program".to_owned()))
            }
        }
    }
}
