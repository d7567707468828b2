//! `tcp_listen` and `unix_listen`: the system comes to us, such as QEMU with `reconnect-ms`.
//!
//! There is one system. Who comes later takes the place of who was there: a machine that crashed
//! and is back must not be kept out by what is left of its connection.

use std::any::Any;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::SerialError;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::control;
use crate::platform::sources::Wake;

pub(super) fn open_tcp(
    address: SocketAddr,
    source: String,
    wake: &Wake,
) -> Result<Line, SerialError> {
    let bind = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    let listener =
        bind().map_err(|source| SerialError::Listen { at: address.to_string(), source })?;
    Ok(start(Listener::Tcp(listener), source, None, wake))
}

pub(super) fn open_unix(path: &Path, source: String, wake: &Wake) -> Result<Line, SerialError> {
    let failed = |source| SerialError::Listen { at: path.display().to_string(), source };
    // As the control socket: for nobody but our user, and in place of nothing that lives.
    let (listener, bound) =
        control::bind(path).map_err(|error| failed(std::io::Error::other(error.why)))?;
    let listener = UnixListener::from_std(listener).map_err(failed)?;
    Ok(start(Listener::Unix(listener), source, Some(Box::new(bound)), wake))
}

fn start(
    listener: Listener,
    source: String,
    guard: Option<Box<dyn Any + Send>>,
    wake: &Wake,
) -> Line {
    let (buffer, name) = (Buffer::new(wake), source.clone());
    let shared = Arc::clone(&buffer);
    Line::start(buffer, source, guard, async move { serve(&listener, &name, &shared).await })
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    /// Whoever comes, and who that is.
    async fn accept(&self) -> std::io::Result<(Box<dyn Stream>, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), peer.to_string()))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), "a program".to_owned()))
            }
        }
    }
}

/// Takes whoever comes.
async fn serve(listener: &Listener, source: &str, buffer: &Buffer) {
    /// After an error that is not the connection's.
    const PAUSE: Duration = Duration::from_millis(100);
    let mut next = None;
    loop {
        let accepted = match next.take() {
            Some(accepted) => accepted,
            None => listener.accept().await,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(source, %error, "nobody can connect to the serial port");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        tracing::info!(source, peer, "the serial port is connected");
        tokio::select! {
            error = carry(stream, None, buffer) => {
                tracing::info!(source, peer, %error, "the serial port is not connected");
            }
            accepted = listener.accept() => {
                tracing::info!(source, peer, "somebody else is connected to the serial port now");
                next = Some(accepted);
            }
        }
    }
}
