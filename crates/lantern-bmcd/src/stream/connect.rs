//! Somebody listens.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::{Stream, prepare};

/// For an address at which nobody answers, not even with a refusal.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where somebody listens.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// `host:port`.
    Tcp(String),
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Connects, or says why not within ten seconds.
pub(crate) async fn connect(to: &Place) -> io::Result<Box<dyn Stream>> {
    let attempt = async {
        Ok::<Box<dyn Stream>, io::Error>(match to {
            Place::Tcp(address) => {
                let stream = TcpStream::connect(address.as_str()).await?;
                prepare(&stream);
                Box::new(stream)
            }
            Place::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    };
    tokio::time::timeout(PATIENCE, attempt)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
