//! `tcp_listen` and `unix_listen`: the system comes to us, such as QEMU with `reconnect-ms`.
//!
//! There is one system. Who comes later takes the place of who was there: a machine that crashed
//! and is back must not be kept out by what is left of its connection.

use std::any::Any;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::SerialError;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::platform::sources::Wake;
use crate::stream::Listener;

pub(super) fn open_tcp(
    address: SocketAddr,
    source: String,
    wake: &Wake,
) -> Result<Line, SerialError> {
    let listener = Listener::tcp(address)
        .map_err(|source| SerialError::Listen { at: address.to_string(), source })?;
    Ok(start(listener, source, None, wake))
}

pub(super) fn open_unix(path: &Path, source: String, wake: &Wake) -> Result<Line, SerialError> {
    let (listener, bound) = Listener::unix(path)
        .map_err(|source| SerialError::Listen { at: path.display().to_string(), source })?;
    Ok(start(listener, source, Some(Box::new(bound)), wake))
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
