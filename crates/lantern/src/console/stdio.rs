//! Standard input and output as channels. Neither may be made non-blocking, for other programs have
//! them open, too; so each has a thread that waits, and nothing else does.

use std::io::{self, Read, Write};
use std::thread;

use tokio::sync::mpsc;

/// Pieces that may wait either way.
const PIECES: usize = 16;

/// Standard input, piece by piece; it ends where that ends.
pub(crate) fn input() -> io::Result<mpsc::Receiver<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(PIECES);
    thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let count = match io::stdin().read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A terminal that was hung up has come to its end.
                Err(_) => 0,
            };
            let piece = buffer.get(..count).unwrap_or_default().to_vec();
            if piece.is_empty() || sender.blocking_send(piece).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// Standard output. What is sent to it is written in that order; once it cannot be, the channel is
/// closed. [`Screen::finish`] waits for the last of it.
#[derive(Debug)]
pub(crate) struct Screen {
    pieces: mpsc::Sender<Vec<u8>>,
    thread: thread::JoinHandle<()>,
}

impl Screen {
    pub(crate) fn start() -> io::Result<Self> {
        let (pieces, mut receiver) = mpsc::channel::<Vec<u8>>(PIECES);
        let thread = thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            while let Some(piece) = receiver.blocking_recv() {
                let mut stdout = io::stdout().lock();
                if stdout.write_all(&piece).and_then(|()| stdout.flush()).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { pieces, thread })
    }

    /// Writes a piece, once there is room for it; whether anybody still reads.
    pub(crate) async fn write(&self, piece: Vec<u8>) -> bool {
        self.pieces.send(piece).await.is_ok()
    }

    /// Waits until all is written, unless that would take for ever: a terminal may be stopped.
    pub(crate) async fn finish(self) {
        let Self { pieces, thread } = self;
        drop(pieces);
        for _ in 0..100 {
            if thread.is_finished() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
