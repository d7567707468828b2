//! `tcp` and `unix`: somebody listens, such as QEMU with `server=on`, and is asked again when gone.

use std::sync::Arc;
use std::time::Duration;

use super::WHAT;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::platform::sources::Wake;
use crate::stream::{Place, Retry, connect};

/// The first pause between attempts.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn open(to: Place, source: String, wake: &Wake) -> Line {
    let buffer = Buffer::new(wake);
    let (shared, name) = (Arc::clone(&buffer), source.clone());
    let task = async move {
        let mut retry = Retry::new(WHAT, PAUSE);
        loop {
            retry.begin();
            let error = match connect(&to).await {
                Ok(stream) => {
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
