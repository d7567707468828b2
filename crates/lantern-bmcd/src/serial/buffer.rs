//! What the BMC and the task of a source share: characters on their way, and whether there is a way.

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipmi_bmc::serial::{Heard, Serial};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::platform::sources::Wake;

/// So many characters wait for the BMC at most.
const HEARD: usize = 16 * 1024;
/// And so many for the source.
const TYPED: usize = 4 * 1024;

/// What both ends hold.
pub(super) struct Buffer {
    state: Mutex<State>,
    /// There is room for what is heard.
    room: Notify,
    /// There is something for the source.
    typed: Notify,
    /// The BMC should look.
    wake: Wake,
}

#[derive(Default)]
struct State {
    available: bool,
    heard: Vec<u8>,
    typed: VecDeque<u8>,
    /// A break behind what is typed. Nothing is taken behind it until it is sent.
    has_break: bool,
}

/// What goes to the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Characters(Vec<u8>),
    Break,
}

impl Buffer {
    pub(super) fn new(wake: &Wake) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            room: Notify::new(),
            typed: Notify::new(),
            wake: Arc::clone(wake),
        })
    }

    /// Says whether there is a source. What was typed at one that is gone is not for the next one.
    pub(super) fn set_available(&self, available: bool) {
        {
            let mut state = self.lock();
            state.available = available;
            if !available {
                state.typed.clear();
                state.has_break = false;
            }
        }
        (self.wake)();
    }

    /// Waits until something can be [heard](Self::hear); how much.
    pub(super) async fn room(&self) -> usize {
        loop {
            // Before the look: what happens after it is not missed.
            let changed = self.room.notified();
            let room = HEARD.saturating_sub(self.lock().heard.len());
            if room > 0 {
                return room;
            }
            changed.await;
        }
    }

    /// Takes in what the source has sent.
    pub(super) fn hear(&self, characters: &[u8]) {
        self.lock().heard.extend_from_slice(characters);
        (self.wake)();
    }

    /// Waits for something to pass on.
    pub(super) async fn typed(&self) -> Typed {
        loop {
            let changed = self.typed.notified();
            if let Some(typed) = self.take_typed() {
                // There is room again.
                (self.wake)();
                return typed;
            }
            changed.await;
        }
    }

    fn take_typed(&self) -> Option<Typed> {
        let mut state = self.lock();
        if state.typed.is_empty() {
            return std::mem::take(&mut state.has_break).then_some(Typed::Break);
        }
        let count = state.typed.len().min(1024);
        Some(Typed::Characters(state.typed.drain(..count).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The BMC's end. The task at the other end goes with it.
pub(super) struct Line {
    buffer: Arc<Buffer>,
    source: String,
    task: AbortHandle,
    /// What is to be taken down when the port is: a link, a socket.
    _guard: Option<Box<dyn Any + Send>>,
}

impl Line {
    /// Starts `task` at the other end of `buffer`.
    pub(super) fn start(
        buffer: Arc<Buffer>,
        source: String,
        guard: Option<Box<dyn Any + Send>>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let task = tokio::spawn(task).abort_handle();
        Self { buffer, source, task, _guard: guard }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Serial for Line {
    fn is_available(&self) -> bool {
        self.buffer.lock().available
    }

    fn read(&mut self, _: Instant) -> Option<Heard> {
        let heard = std::mem::take(&mut self.buffer.lock().heard);
        if heard.is_empty() {
            return None;
        }
        self.buffer.room.notify_one();
        Some(Heard::Characters(heard))
    }

    fn write(&mut self, _: Instant, characters: &[u8]) -> usize {
        let count = {
            let mut state = self.buffer.lock();
            let is_open = state.available && !state.has_break;
            let room = if is_open { TYPED.saturating_sub(state.typed.len()) } else { 0 };
            let count = room.min(characters.len());
            state.typed.extend(characters.iter().take(count));
            count
        };
        if count > 0 {
            self.buffer.typed.notify_one();
        }
        count
    }

    fn send_break(&mut self, _: Instant) {
        {
            let mut state = self.buffer.lock();
            // One is as good as two in a row, and none is for a source that comes later.
            state.has_break = state.available;
        }
        self.buffer.typed.notify_one();
    }

    fn source(&self) -> String {
        self.source.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line() -> (Arc<Buffer>, Line) {
        let wake: Wake = Arc::new(|| {});
        let buffer = Buffer::new(&wake);
        let line = Line::start(Arc::clone(&buffer), String::new(), None, std::future::pending());
        (buffer, line)
    }

    #[tokio::test]
    async fn both_ways_are_bounded_and_a_break_keeps_its_place() {
        let (buffer, mut line) = line();
        let now = Instant::now();
        assert_eq!(line.write(now, b"nobody"), 0);
        line.send_break(now);
        buffer.set_available(true);
        assert_eq!(line.write(now, b"ab"), 2);
        line.send_break(now);
        assert_eq!(line.write(now, b"behind"), 0);
        assert_eq!(buffer.typed().await, Typed::Characters(b"ab".to_vec()));
        assert_eq!(buffer.typed().await, Typed::Break);
        assert_eq!(line.write(now, &[0; 2 * TYPED]), TYPED);
        buffer.hear(&vec![1; HEARD]);
        let waits = tokio::time::timeout(Duration::from_millis(20), buffer.room()).await;
        assert!(waits.is_err());
        assert_eq!(line.read(now), Some(Heard::Characters(vec![1; HEARD])));
        assert_eq!((buffer.room().await, line.read(now)), (HEARD, None));
    }

    #[tokio::test]
    async fn what_is_typed_at_a_source_that_is_gone_is_not_for_the_next_one() {
        let (buffer, mut line) = line();
        let now = Instant::now();
        buffer.set_available(true);
        assert_eq!(line.write(now, b"reboot\n"), 7);
        line.send_break(now);
        buffer.set_available(false);
        buffer.set_available(true);
        assert_eq!(buffer.take_typed(), None);
        // What it has said before counts.
        buffer.hear(b"bye");
        buffer.set_available(false);
        assert_eq!(line.read(now), Some(Heard::Characters(b"bye".to_vec())));
    }
}
