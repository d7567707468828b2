//! `device`: a serial device of the machine that this runs on, wired to the system's port.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipmi_io::Terminal;

use super::WHAT;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::platform::sources::Wake;
use crate::stream::Retry;

/// The first pause between attempts. (A converter that was pulled out comes back under its name.)
const PAUSE: Duration = Duration::from_millis(500);

pub(super) fn open(path: PathBuf, bit_rate: u32, source: String, wake: &Wake) -> Line {
    let buffer = Buffer::new(wake);
    let (shared, name) = (Arc::clone(&buffer), source.clone());
    let task = async move {
        let mut retry = Retry::new(WHAT, PAUSE);
        loop {
            retry.begin();
            let opened = Terminal::device(&path, bit_rate)
                .and_then(|terminal| Ok((terminal.breaker()?, terminal)));
            let error = match opened {
                Ok((breaker, terminal)) => {
                    retry.found(&name);
                    carry(terminal, Some(&breaker), &shared).await
                }
                Err(error) => error,
            };
            retry.pause(&name, error).await;
        }
    };
    Line::start(buffer, source, None, task)
}
