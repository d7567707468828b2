//! The thread of a bus: one reading at a time, however long it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};

use ipmi_bmc::platform::Measurement;

use super::Wake;
use super::plan::Wired;

/// A bus' thread. Dropping this lets it end as soon as it can, and waits for nothing: a thread that
/// hangs in a system call cannot be helped.
#[derive(Debug)]
pub(super) struct Worker {
    /// `None` if there is no thread to be had.
    requests: Option<SyncSender<u8>>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the thread that reads these sensors.
    pub(super) fn start(
        bus: usize,
        sensors: Vec<Wired>,
        results: Sender<(u8, Measurement)>,
        wake: Wake,
    ) -> Self {
        // The engine asks for one at a time.
        let (requests, inbox) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let stop = Arc::clone(&stop);
            let run = move || run(sensors, &inbox, &results, &wake, &stop);
            std::thread::Builder::new().name(format!("sensors {bus}")).spawn(run)
        };
        match thread {
            Ok(_) => Self { requests: Some(requests), stop },
            Err(error) => {
                tracing::error!(%error, "no thread for the sensors of a bus");
                Self { requests: None, stop }
            }
        }
    }

    /// Asks for a reading; whether there will be one.
    pub(super) fn request(&self, number: u8) -> bool {
        self.requests.as_ref().is_some_and(|requests| requests.try_send(number).is_ok())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Seen by whoever waits for a program; whoever waits for a request notices by itself.
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(
    mut sensors: Vec<Wired>,
    inbox: &Receiver<u8>,
    results: &Sender<(u8, Measurement)>,
    wake: &Wake,
    stop: &AtomicBool,
) {
    // What was wrong the last time is not told again.
    let mut faults: Vec<Option<String>> = vec![None; sensors.len()];
    while let Ok(number) = inbox.recv() {
        let found = sensors.iter_mut().zip(&mut faults).find(|(sensor, _)| sensor.number == number);
        let measured =
            found.map_or(Measurement::Unavailable, |(sensor, fault)| match sensor.measure(stop) {
                Ok(measured) => {
                    if fault.take().is_some() {
                        tracing::info!(sensor = sensor.name, "can be read again");
                    }
                    measured
                }
                Err(error) => {
                    if fault.is_none() {
                        tracing::warn!(sensor = sensor.name, error, "cannot be read");
                    } else if fault.as_ref() != Some(&error) {
                        // One that finds new words each time would fill the log.
                        tracing::debug!(sensor = sensor.name, error, "cannot be read");
                    }
                    *fault = Some(error);
                    Measurement::Unavailable
                }
            });
        if stop.load(Ordering::Relaxed) || results.send((number, measured)).is_err() {
            return;
        }
        wake();
    }
}
