//! `tcp` and `unix`: somebody listens, such as QEMU with `server=on`, and is asked again when gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::buffer::{Buffer, Line};
use super::carry::carry;
use super::retry::Retry;
use crate::config::SerialSource;
use crate::platform::sources::Wake;

/// The first pause between attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// For an address at which nobody answers, not even with a refusal.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn open(to: &SerialSource, source: String, wake: &Wake) -> Line {
    let buffer = Buffer::new(wake);
    let (shared, to, name) = (Arc::clone(&buffer), to.clone(), source.clone());
    let task = async move {
        let mut retry = Retry::new(PAUSE);
        loop {
            retry.begin();
            let attempt = tokio::time::timeout(PATIENCE, connect(&to)).await;
            let error = match attempt.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
                Ok(Stream::Tcp(stream)) => {
                    retry.found(&name);
                    carry(stream, None, &shared).await
                }
                Ok(Stream::Unix(stream)) => {
                    retry.found(&name);
                    carry(stream, None, &shared).await
                }
                Err(error) => error,
            };
            retry.pause(&name, error).await;
        }
    };
    Line::start(buffer, source, None, task)
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

async fn connect(to: &SerialSource) -> std::io::Result<Stream> {
    match to {
        SerialSource::Tcp(address) => {
            let stream = TcpStream::connect(address.as_str()).await?;
            // Keys are pressed one by one.
            let _ = stream.set_nodelay(true);
            Ok(Stream::Tcp(stream))
        }
        SerialSource::Unix(path) => UnixStream::connect(path).await.map(Stream::Unix),
        _ => Err(std::io::ErrorKind::Unsupported.into()),
    }
}
