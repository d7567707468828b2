//! One command on many BMCs: who is meant, one login and one command each, and what is shown of it.
//!
//! Every command runs as it does on one BMC; here is only what is around it. All sessions share one
//! endpoint. What is asked for (password, confirmation) is asked for once, before anything is sent.

mod progress;
mod report;
mod targets;
mod view;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ipmi_client::Endpoint;
use lantern_fleet::NodeSet;
use lantern_fleet::engine::{self, End, Event, Schedule};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::cli::{Command, Format, Globals};
use crate::commands::bmc::{interrupted, no_signals, stop_signal};
use crate::commands::{self, Context, Host, ask, many};
use crate::connect::{Console, Hosts, Login, Memory};
use crate::error::{Error, Exit};
use crate::output::{Kept, Voice};
use crate::target::Target;
use crate::view::Show;
use progress::Progress;
use report::Report;
pub(crate) use targets::{Targets, named, targets};
#[cfg(test)]
pub(crate) use view::kinds;

/// Threads that wait for what cannot be waited for otherwise: names and the cache's files.
const THREADS: usize = 32;
/// Of those, how many wait for the name service at most. Each may have a few files open.
const RESOLVERS: usize = 24;

/// Runs `command` on all of `names`. Prints what came of it; the error tells how many failed.
pub(crate) fn run(
    command: &mut Command,
    globals: &Globals,
    names: &NodeSet,
    hosts: &dyn Hosts,
) -> Result<Option<Exit>, Error> {
    many::check(command, globals.output)?;
    if let Some((_, _, yes)) = many::question(command) {
        ask::possible(yes)?;
    }
    // Whatever has to be asked for, or fetched, is so before anything is sent.
    let places: Vec<_> = names.iter().map(|name| Place::of(hosts.of(name))).collect();
    if let Some(error) = Place::common_error(&places) {
        return Err(error);
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(THREADS).build().map_err(|error| {
        Error::told(Exit::Failed, format!("the system lets nothing be awaited: {error}"))
    })?;
    let outcome = runtime.block_on(async {
        let stop = stop_signal().map_err(no_signals)?;
        tokio::pin!(stop);
        if let Some((what, becomes, yes)) = many::question(command) {
            let question = format!("{what} of {} {becomes}.", described(names));
            tokio::select! {
                confirmed = ask::confirm(yes, question) => confirmed?,
                () = &mut stop => return Err(interrupted()),
            }
            many::confirmed(command);
        }
        let fleet = Fleet::new(command, globals, names, places, hosts.bind()?);
        fleet.run(stop).await
    });
    // Somebody who was asked and never answered is not waited for.
    runtime.shutdown_background();
    outcome
}

/// How many, and who.
fn described(names: &NodeSet) -> String {
    format!("{} BMCs ({names})", names.len())
}

/// All that the operations share.
struct Fleet<'a> {
    command: &'a Command,
    globals: &'a Globals,
    names: &'a NodeSet,
    endpoint: Endpoint,
    memory: Memory,
    kept: Kept,
    header_is_told: Cell<bool>,
    places: Vec<Place>,
    resolvers: Arc<Semaphore>,
    /// Who is at which address, while it matters.
    claims: RefCell<HashMap<SocketAddr, usize>>,
}

/// How far it has come with one BMC.
#[derive(Debug)]
struct Place {
    /// Where it is, and how to log in there, until that is done.
    prepared: RefCell<Option<Result<(Target, Login), Error>>>,
    address: Cell<Option<SocketAddr>>,
    logged_in: Cell<bool>,
}

impl Place {
    fn of(prepared: Result<(Target, Login), Error>) -> Self {
        let prepared = RefCell::new(Some(prepared));
        Self { prepared, address: Cell::default(), logged_in: Cell::default() }
    }

    /// What is wrong with all of them in the same way: that is said once, and nothing is tried.
    fn common_error(places: &[Self]) -> Option<Error> {
        let message = |place: &Self| match &*place.prepared.borrow() {
            Some(Err(Error::Told(report))) => Some(report.message.clone()),
            _ => None,
        };
        let first = message(places.first()?)?;
        if places.iter().any(|place| message(place).as_ref() != Some(&first)) {
            return None;
        }
        places.first()?.prepared.take()?.err()
    }
}

impl<'a> Fleet<'a> {
    fn new(
        command: &'a Command,
        globals: &'a Globals,
        names: &'a NodeSet,
        places: Vec<Place>,
        endpoint: Endpoint,
    ) -> Self {
        Self {
            command,
            globals,
            names,
            memory: Memory::load(),
            endpoint,
            kept: Kept::default(),
            header_is_told: Cell::default(),
            places,
            resolvers: Arc::new(Semaphore::new(RESOLVERS)),
            claims: RefCell::default(),
        }
    }

    async fn run(&self, stop: impl Future<Output = ()>) -> Result<Option<Exit>, Error> {
        let endless = commands::is_endless(self.command);
        let format = self.globals.output;
        let mut report = Report::new(format, self.names, endless);
        let progress = match endless {
            true => Progress::none(),
            false => Progress::start(self.names.len(), self.globals.verbose),
        };
        let mut unwritten = Ok(());
        let begin = |nth| self.one(nth);
        engine::run(self.names.len(), self.schedule(endless), stop, begin, |event| {
            let Event::Ended(nth, end) = event else { return ControlFlow::Continue(()) };
            let address = self.places.get(nth).and_then(|place| place.address.get());
            let end = match end {
                End::Late => End::Done(Err(self.late(nth))),
                end => end,
            };
            let written = match format {
                Format::Jsonl => progress.beside(|| report.add(nth, address, end)),
                _ => report.add(nth, address, end),
            };
            progress.ended(report.failed());
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    unwritten = Err(error);
                    ControlFlow::Break(())
                }
            }
        })
        .await;
        progress.finish();
        self.endpoint.shutdown().await;
        let (sent, received) = self.endpoint.datagrams();
        tracing::debug!(sent, received, "datagrams in all");
        self.memory.save();
        self.kept.say(format);
        unwritten?;
        report.finish()
    }

    fn schedule(&self, endless: bool) -> Schedule {
        let Globals { deadline, fanout, stagger, .. } = self.globals;
        // What changes something is never cut short; what goes on for ever has no end.
        let cut = many::only_reads(self.command) && !endless;
        Schedule {
            // Who is waited for by what never ends would never start.
            fanout: if endless { self.names.len() } else { *fanout },
            stagger: stagger.unwrap_or_default(),
            deadline: deadline.filter(|_| cut),
        }
    }

    /// All of it for one BMC.
    async fn one(&self, nth: usize) -> Result<Box<dyn Show>, Error> {
        let begun = Instant::now();
        let (Some(name), Some(place)) = (self.names.get(nth), self.places.get(nth)) else {
            return Err(Error::usage("there are not so many BMCs"));
        };
        let gone = || Err(Error::usage("this BMC was asked already"));
        let (target, login) = place.prepared.take().unwrap_or_else(gone)?;
        let address = match target.literal() {
            Some(address) => address,
            None => self.resolve(name, target, begun, login.deadline()).await?,
        };
        place.address.set(Some(address));
        self.claim(nth, address)?;
        let login = match self.globals.deadline {
            Some(all) => login.within(all),
            None => login,
        };
        let format = self.globals.output;
        // What goes on for ever says at once what it has to say.
        let kept = (!commands::is_endless(self.command)).then_some(&self.kept);
        let voice = Voice::new(format).about(name, kept);
        let (endpoint, memory) = (self.endpoint.clone(), Some(self.memory.clone()));
        let mut console = Console::at(address, login, voice, endpoint, memory);
        let info = console.log_in().await?;
        place.logged_in.set(true);
        let host = Some(Host { name, header_is_told: &self.header_is_told });
        let context = Context { bmc: &console.bmc, info: &info, voice, format, name, host };
        let outcome = commands::run(self.command, &context).await;
        console.take_note();
        // It has its slot back before others are asked.
        console.bmc.close().await;
        outcome
    }

    /// Where a host is, by the system's name service, which cannot be asked without waiting for it.
    async fn resolve(
        &self,
        name: &str,
        target: Target,
        begun: Instant,
        limit: Duration,
    ) -> Result<SocketAddr, Error> {
        let turn = Arc::clone(&self.resolvers);
        let resolving = async move {
            let turn = turn.acquire_owned().await;
            // Who has given up waiting does not end the thread.
            tokio::task::spawn_blocking(move || (target.resolve(), turn)).await
        };
        let until = begun.checked_add(limit).unwrap_or(begun);
        match timeout_at(until, resolving).await {
            Ok(Ok((resolved, _turn))) => resolved,
            Ok(Err(error)) => Err(Error::told(Exit::Failed, format!("{name}: {error}"))),
            Err(_) => Err(Error::told(
                Exit::NoSession,
                format!(
                    "{name}: the name service has not answered in {:.1} s",
                    limit.as_secs_f64()
                ),
            )
            .cause("the name service is slow or down, or there are many names to ask it for")
            .next("use IP addresses, a longer --deadline, or a smaller --fanout")),
        }
    }

    /// A BMC with two names is told once to do what is not to be done twice.
    fn claim(&self, nth: usize, address: SocketAddr) -> Result<(), Error> {
        if many::only_reads(self.command) {
            return Ok(());
        }
        let first = *self.claims.borrow_mut().entry(address).or_insert(nth);
        if first == nth {
            return Ok(());
        }
        let other = self.names.get(first).unwrap_or_default();
        Err(Error::told(Exit::Failed, format!("{address} is {other}, too: nothing was sent twice"))
            .cause("two of the names lead to the same BMC")
            .next("leave out one of them: -x NAME"))
    }

    fn late(&self, nth: usize) -> Error {
        let seconds = self.globals.deadline().as_secs_f64();
        let logged_in = self.places.get(nth).is_some_and(|place| place.logged_in.get());
        let (exit, what) = match logged_in {
            true => (Exit::Failed, "there is a session, but all was not read"),
            false => (Exit::NoSession, "no session"),
        };
        Error::told(exit, format!("{what} within {seconds} s"))
            .cause("the BMC or the way to it is slow, or there is much to read")
            .next("give it more time: --deadline")
    }
}
