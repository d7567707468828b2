//! All the consoles that one process keeps.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::frame::Row;
use crate::line::{Dial, Keeping, stopped};
use crate::log::{ConsoleLog, Limits};
use crate::room::Room;

/// Where logs are, and how much of them.
#[derive(Clone, Debug)]
pub struct Logs {
    /// The directory: `NAME.log` in it is a console's.
    pub directory: PathBuf,
    /// How much is kept of each.
    pub limits: Limits,
}

/// The consoles.
#[derive(Debug)]
pub struct Keeper<D: Dial> {
    logs: Logs,
    kept: Mutex<BTreeMap<String, Kept<D>>>,
}

#[derive(Debug)]
struct Kept<D> {
    room: Arc<Room>,
    /// What makes it this console and no other.
    what: String,
    dial: watch::Sender<Arc<D>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// So many are dialled at once, and then what they have set off gets its turn.
const BURST: usize = 16;
/// How long the next ones wait.
const PAUSE: Duration = Duration::from_millis(10);
/// How long all of them may take to be given back.
const STOP: Duration = Duration::from_secs(4);

impl<D: Dial> Keeper<D> {
    /// None yet.
    #[must_use]
    pub const fn new(logs: Logs) -> Self {
        Self { logs, kept: Mutex::new(BTreeMap::new()) }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept<D>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps these consoles and no others: each with its name, what makes it this console, and the way
    /// to it. One that is the same as before stays as it is, and goes the new way when it has to go it
    /// again. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// A log that cannot be opened; with its path. The others are kept all the same.
    pub fn keep(&self, consoles: Vec<(String, String, D)>) -> Result<(), (PathBuf, io::Error)> {
        let mut kept = self.kept();
        let mut before = std::mem::take(&mut *kept);
        let mut outcome = Ok(());
        let mut begun = 0_usize;
        // Gone once all that are given up are given back: a new one may be an old one by another name.
        let (goodbye, said) = watch::channel(());
        let goodbye = Arc::new(goodbye);
        for (name, what, dial) in consoles {
            match before.remove(&name) {
                Some(same) if same.what == what => {
                    same.dial.send_replace(Arc::new(dial));
                    kept.insert(name, same);
                    continue;
                }
                Some(other) => other.give_up("it is another one now", &goodbye),
                None => {}
            }
            let path = self.logs.directory.join(format!("{name}.log"));
            let log = match ConsoleLog::open(&path, self.logs.limits) {
                Ok(log) => log,
                Err(error) => {
                    outcome = Err((path, error));
                    continue;
                }
            };
            let turn = begun.checked_div(BURST).and_then(|turn| u32::try_from(turn).ok());
            let wait = PAUSE.saturating_mul(turn.unwrap_or(0));
            let begun_now = Kept::begin(&name, what, dial, log, (said.clone(), wait));
            kept.insert(name, begun_now);
            begun = begun.saturating_add(1);
        }
        for gone in before.into_values() {
            gone.give_up("it is kept no more", &goodbye);
        }
        outcome
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.kept().len()
    }

    /// Goes on in logs of the same names: somebody has moved them aside.
    pub fn reopen_logs(&self) {
        for (name, kept) in &*self.kept() {
            if let Err(error) = kept.room.reopen_log() {
                tracing::error!(console = name, "the log cannot be opened anew: {error}");
            }
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        self.kept().values().map(|kept| kept.room.row()).collect()
    }

    pub(crate) fn room(&self, name: &str) -> Option<Arc<Room>> {
        self.kept().get(name).map(|kept| Arc::clone(&kept.room))
    }

    /// Gives all of them back, and tells all who are there.
    pub async fn stop(&self) {
        let mut ends = JoinSet::new();
        for kept in std::mem::take(&mut *self.kept()).into_values() {
            kept.stop.send_replace(true);
            ends.spawn(async move {
                // It has had its time; else the BMC ends it when it misses the session.
                let _ = timeout(STOP, kept.task).await;
                kept.room.close("the console server stops");
            });
        }
        ends.join_all().await;
    }
}

impl<D: Dial> Kept<D> {
    /// Begins it after that, and after so much time.
    fn begin(
        name: &str,
        what: String,
        dial: D,
        log: ConsoleLog,
        (mut after, wait): (watch::Receiver<()>, Duration),
    ) -> Self {
        let (room, keys) = Room::new(name, log);
        let (dial, way) = watch::channel(Arc::new(dial));
        let (stop, halted) = watch::channel(false);
        let keeping = Keeping { room: Arc::clone(&room), keys, dial: way, stop: halted };
        let mut halt = stop.subscribe();
        let task = tokio::spawn(async move {
            let turn = async {
                let _ = after.changed().await;
                tokio::time::sleep(wait).await;
            };
            tokio::select! {
                () = turn => keeping.run().await,
                () = stopped(&mut halt) => {}
            }
        });
        Self { room, what, dial, stop, task }
    }

    fn give_up(self, why: &'static str, goodbye: &Arc<watch::Sender<()>>) {
        let goodbye = Arc::clone(goodbye);
        self.stop.send_replace(true);
        tokio::spawn(async move {
            let _ = timeout(STOP, self.task).await;
            self.room.close(why);
            drop(goodbye);
        });
    }
}
