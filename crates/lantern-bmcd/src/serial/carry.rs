//! The work of a task: characters from a stream to the BMC and back, until the stream ends.

use std::io;

use ipmi_io::Breaker;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::buffer::{Buffer, Typed};

/// Carries characters until `stream` ends, which always has a reason.
pub(super) async fn carry<S>(stream: S, breaker: Option<&Breaker>, buffer: &Buffer) -> io::Error
where
    S: AsyncRead + AsyncWrite,
{
    let _available = Available::new(buffer);
    let (reader, writer) = tokio::io::split(stream);
    let ended = tokio::select! {
        ended = hear(reader, buffer) => ended,
        ended = pass_on(writer, breaker, buffer) => ended,
    };
    ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// There is a source as long as this lives.
struct Available<'a>(&'a Buffer);

impl<'a> Available<'a> {
    fn new(buffer: &'a Buffer) -> Self {
        buffer.set_available(true);
        Self(buffer)
    }
}

impl Drop for Available<'_> {
    fn drop(&mut self) {
        self.0.set_available(false);
    }
}

async fn hear(mut reader: impl AsyncRead + Unpin, buffer: &Buffer) -> io::Result<()> {
    let mut chunk = [0; 2048];
    loop {
        // Not before there is room: who sends then has to wait, and nothing is lost.
        let room = buffer.room().await.min(chunk.len());
        let chunk = chunk.get_mut(..room).unwrap_or_default();
        match reader.read(chunk).await? {
            0 => return Ok(()),
            count => buffer.hear(chunk.get(..count).unwrap_or_default()),
        }
    }
}

async fn pass_on(
    mut writer: impl AsyncWrite + Unpin,
    breaker: Option<&Breaker>,
    buffer: &Buffer,
) -> io::Result<()> {
    loop {
        match buffer.typed().await {
            Typed::Characters(characters) => {
                writer.write_all(&characters).await?;
                writer.flush().await?;
            }
            Typed::Break => match breaker {
                Some(breaker) => breaker.send().await?,
                None => tracing::debug!("a break is dropped: what the port is wired to has none"),
            },
        }
    }
}
