//! Group commit: a thread that brings changes to the store, and says when they are there.
//!
//! Whatever comes while the disk is busy goes into the next transaction together, so that a flood
//! costs a handful of syncs. Nobody waits but those who asked for it, and those only as long as
//! their own changes take. A store that cannot be written is tried again every few seconds, with
//! all that has come meanwhile.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::{Change, Unkept};

use super::Store;
use super::backlog::Backlog;

/// Somebody who waits for changes to be durable. Called once, on the committer's thread.
pub(crate) type Ticket = Box<dyn FnOnce(Result<(), Unkept>) + Send>;

/// Hears how it goes, on the committer's thread.
pub(crate) type Listener = Box<dyn Fn(News) + Send>;

/// What a committer tells of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// How the store is doing from now on: it starts to fail, in this way, or works again.
    Storage(Option<Unkept>),
    /// Nothing will be kept any more, which is a fault in this program.
    Ended,
}

/// A store with a thread of its own. Dropping it brings what there is to the store, and waits.
#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// The queue has got something to do.
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    backlog: Backlog,
    waiting: Vec<Ticket>,
    stopping: bool,
    /// Nobody looks at this any more.
    ended: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// How long a store that failed is left alone.
pub(crate) const RETRY: Duration = Duration::from_secs(3);
/// So many may wait. If the disk hangs and a client goes on, the next one is told so at once.
const MOST_WAITING: usize = 4096;

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Committer {
    pub(crate) fn start(store: Store, retry: Duration, listener: Listener) -> io::Result<Self> {
        let queue = Queue { backlog: Backlog::new(store.keys()), ..Queue::default() };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), wake: Condvar::new() });
        let mut worker =
            Worker { store, shared: Arc::clone(&shared), retry, listener, failing: None };
        let thread = thread::Builder::new().name("nvram".to_owned()).spawn(move || {
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| worker.run()));
            let mut queue = worker.shared.queue();
            queue.ended = true;
            let waiting = std::mem::take(&mut queue.waiting);
            drop(queue);
            waiting.into_iter().for_each(|ticket| ticket(Err(Unkept::Failed)));
            if outcome.is_err() {
                (worker.listener)(News::Ended);
            }
            if let Err(error) = worker.store.close() {
                tracing::warn!(%error, "the store is put in order at the next start");
            }
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Takes changes, in the order in which they happened: whoever calls this holds what they
    /// happened to. `ticket` hears when they, and all that came before them, are durable.
    pub(crate) fn submit(&self, changes: Vec<Change>, ticket: Option<Ticket>) {
        let mut queue = self.shared.queue();
        changes.into_iter().for_each(|change| queue.backlog.add(change));
        let refused = match ticket {
            Some(ticket) if queue.ended || queue.waiting.len() >= MOST_WAITING => Some(ticket),
            ticket => {
                queue.waiting.extend(ticket);
                None
            }
        };
        drop(queue);
        self.shared.wake.notify_one();
        if let Some(ticket) = refused {
            ticket(Err(Unkept::Failed));
        }
    }

    /// Brings all there is to the store, and ends. The store's directory is free when this returns,
    /// whoever calls it how often.
    pub(crate) fn stop(&self) {
        self.shared.queue().stopping = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Its panics have been told already.
            let _ = thread.join();
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Worker {
    store: Store,
    shared: Arc<Shared>,
    retry: Duration,
    listener: Listener,
    /// Since the last attempt failed: in which way, and when the next one is due.
    failing: Option<(Unkept, Instant)>,
}

impl Worker {
    fn run(&mut self) {
        loop {
            let mut queue = self.shared.queue();
            let last = queue.stopping;
            let due = self.failing.is_none_or(|(_, due)| Instant::now() >= due);
            if !queue.backlog.is_empty() && (due || last) {
                let batch = queue.backlog.take();
                let waiting = std::mem::take(&mut queue.waiting);
                drop(queue);
                let outcome = self.commit(&batch.changes());
                match outcome {
                    Ok(()) => self.shared.queue().backlog.kept(batch),
                    Err(_) => self.shared.queue().backlog.put_back(batch),
                }
                waiting.into_iter().for_each(|ticket| ticket(outcome));
                if last {
                    if outcome.is_err() {
                        tracing::error!("what was not kept by now is lost");
                    }
                    return;
                }
                continue;
            }
            if !queue.waiting.is_empty() {
                let waiting = std::mem::take(&mut queue.waiting);
                let failing = self.failing.filter(|_| !queue.backlog.is_empty());
                drop(queue);
                let outcome = failing.map_or(Ok(()), |(unkept, _)| Err(unkept));
                waiting.into_iter().for_each(|ticket| ticket(outcome));
                continue;
            }
            if last {
                return;
            }
            let wait = self.failing.filter(|_| !queue.backlog.is_empty());
            let shared = Arc::clone(&self.shared);
            match wait {
                Some((_, due)) => {
                    let left = due.saturating_duration_since(Instant::now());
                    drop(shared.wake.wait_timeout(queue, left));
                }
                None => drop(shared.wake.wait(queue)),
            }
        }
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), Unkept> {
        let outcome = self.store.commit(changes);
        let unkept = outcome.as_ref().err().map(super::StoreError::unkept);
        let before = self.failing.map(|(unkept, _)| unkept);
        match (&outcome, before) {
            (Err(error), None) => {
                tracing::error!(%error, "changes are not kept; trying again every few seconds");
            }
            (Ok(()), Some(_)) => tracing::warn!("all changes are kept again"),
            _ => {}
        }
        let next = Instant::now().checked_add(self.retry).unwrap_or_else(Instant::now);
        self.failing = unkept.map(|unkept| (unkept, next));
        if before != unkept {
            (self.listener)(News::Storage(unkept));
        }
        unkept.map_or(Ok(()), Err)
    }
}
