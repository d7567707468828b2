//! `bmc ctl`: what somebody does to a running BMC who stands before it.

use std::io::ErrorKind;
use std::path::Path;

use lantern_bmcd::control::client::{Client, ClientError};
use lantern_bmcd::control::protocol::{
    Action, ButtonName, ButtonPress, Code, ConsoleTail, ConsoleType, EventInject, FaultSet,
    LeaseGive, Nothing, OfSensor, Operation, PowerControl, QuirkSet, Refusal, SelList,
    SelfTestResult, SelfTestSet, SensorRelease, SensorSet, SessionEnd,
};
use lantern_bmcd::control::reply::{
    Bmcs, ConsoleInfo, ConsoleText, ConsoleTyped, Done, Event, Faults, Following, LeaseInfo, Log,
    QuirkNames, SelfTestInfo, Sensors, SessionsInfo, Status,
};
use serde::de::DeserializeOwned;

use super::bmc::{interrupted, no_signals, stop_signal};
use crate::cli::{
    Ctl, CtlButton, CtlCommand, CtlConsole, CtlEvent, CtlFault, CtlLease, CtlLid, CtlMains,
    CtlPower, CtlQuirk, CtlSel, CtlSelfTest, CtlSelfTestResult, CtlSensor, CtlSession, Format,
};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::{Show, View, render_header, render_next_here};

pub(crate) async fn run(ctl: &Ctl, format: Format) -> Result<(), Error> {
    let Some(socket) = &ctl.socket else {
        return Err(Error::usage("no control socket is named")
            .next("--socket PATH, or LANTERN_BMC_SOCKET; 'lantern bmc run' says where it is"));
    };
    let stop = stop_signal().map_err(no_signals)?;
    let is_endless = matches!(ctl.command, CtlCommand::Follow);
    let console = Console { socket, bmc: ctl.bmc.as_deref(), format };
    tokio::select! {
        outcome = console.perform(&ctl.command) => outcome,
        () = stop => if is_endless { Ok(()) } else { Err(interrupted()) },
    }
}

/// Who asks, and how it wants to be answered.
struct Console<'a> {
    socket: &'a Path,
    bmc: Option<&'a str>,
    format: Format,
}

impl Console<'_> {
    async fn perform(&self, command: &CtlCommand) -> Result<(), Error> {
        let nothing = Nothing {};
        match command {
            CtlCommand::List => self.show::<Bmcs>(Operation::BmcList(nothing)).await,
            CtlCommand::Status => self.show::<Status>(Operation::Status(nothing)).await,
            CtlCommand::Sensor(command) => self.show::<Sensors>(sensor(command)).await,
            CtlCommand::Event(command) => self.show::<Log>(event(command)).await,
            CtlCommand::Sel(CtlSel::List { last }) => {
                self.show::<Log>(Operation::SelList(SelList { last: *last })).await
            }
            CtlCommand::Sel(CtlSel::Clear) => self.do_it(Operation::SelClear(nothing)).await,
            CtlCommand::Button { button, held } => {
                let button = match button {
                    CtlButton::Power => ButtonName::Power,
                    CtlButton::Reset => ButtonName::Reset,
                    CtlButton::Diagnostic => ButtonName::Diagnostic,
                    CtlButton::Identify => ButtonName::Identify,
                };
                self.do_it(Operation::ButtonPress(ButtonPress { button, held: *held })).await
            }
            CtlCommand::Power { action } => {
                let action = match action {
                    CtlPower::On => Action::On,
                    CtlPower::Off => Action::Off,
                    CtlPower::Soft => Action::Soft,
                    CtlPower::Cycle => Action::Cycle,
                    CtlPower::Reset => Action::Reset,
                    CtlPower::Diag => Action::Diagnostic,
                };
                self.do_it(Operation::PowerControl(PowerControl { action })).await
            }
            CtlCommand::Mains { action: CtlMains::Pull } => {
                self.do_it(Operation::MainsPull(nothing)).await
            }
            CtlCommand::Mains { action: CtlMains::Restore } => {
                self.do_it(Operation::MainsRestore(nothing)).await
            }
            CtlCommand::Lid { action: CtlLid::Open } => {
                self.do_it(Operation::LidOpen(nothing)).await
            }
            CtlCommand::Lid { action: CtlLid::Close } => {
                self.do_it(Operation::LidClose(nothing)).await
            }
            CtlCommand::Quirk(command) => self.show::<QuirkNames>(quirk(command)).await,
            CtlCommand::Fault(command) => self.show::<Faults>(fault(command)).await,
            CtlCommand::SelfTest(CtlSelfTest::Set(result)) => {
                self.show::<SelfTestInfo>(self_test(result)).await
            }
            CtlCommand::Lease(command) => self.show::<LeaseInfo>(lease(command)).await,
            CtlCommand::Console(CtlConsole::Show) => {
                self.show::<ConsoleInfo>(Operation::ConsoleGet(nothing)).await
            }
            CtlCommand::Console(CtlConsole::Tail { characters }) => {
                let args = ConsoleTail { characters: *characters };
                self.show::<ConsoleText>(Operation::ConsoleTail(args)).await
            }
            CtlCommand::Console(CtlConsole::Type { text, no_enter }) => {
                let enter = if *no_enter { "" } else { "\r" };
                let args = ConsoleType { text: format!("{text}{enter}") };
                self.show::<ConsoleTyped>(Operation::ConsoleType(args)).await
            }
            CtlCommand::Session(command) => self.show::<SessionsInfo>(session(command)).await,
            CtlCommand::Follow => self.follow().await,
        }
    }

    async fn do_it(&self, operation: Operation) -> Result<(), Error> {
        self.show::<Done>(operation).await
    }

    async fn show<V: View + DeserializeOwned>(&self, operation: Operation) -> Result<(), Error> {
        let (_, view) = self.ask::<V>(operation).await?;
        output::print(view.render(self.format, None)?)
    }

    async fn ask<T: DeserializeOwned>(&self, operation: Operation) -> Result<(Client, T), Error> {
        let told = |error| told(self.socket, error);
        let mut client = Client::connect(self.socket).await.map_err(told)?;
        let result = client.ask(self.bmc, operation).await.map_err(told)?;
        Ok((client, result))
    }

    /// Ends only by an error, or when it is dropped.
    async fn follow(&self) -> Result<(), Error> {
        let (mut client, Following { .. }) = self.ask(Operation::Follow(Nothing {})).await?;
        if self.format == Format::Csv {
            output::print(render_header::<Event>()?)?;
        }
        loop {
            match client.event::<Event>().await {
                Ok(Some(event)) => output::print(render_next_here(&event, self.format)?)?,
                Ok(None) => {
                    return Err(Error::told(Exit::NoSession, "the BMC has ended the connection")
                        .code(CONTROL_SOCKET)
                        .cause("it was stopped")
                        .next("start it again, and follow it again"));
                }
                Err(error) => return Err(told(self.socket, error)),
            }
        }
    }
}

fn sensor(command: &CtlSensor) -> Operation {
    match command {
        CtlSensor::List => Operation::SensorList(Nothing {}),
        CtlSensor::Get { sensor } => Operation::SensorGet(OfSensor { sensor: sensor.clone() }),
        CtlSensor::Set { sensor, value, states, unavailable } => Operation::SensorSet(SensorSet {
            sensor: sensor.clone(),
            value: *value,
            states: states.as_ref().map(|states| states.0.clone()),
            unavailable: *unavailable,
        }),
        CtlSensor::Release { sensor, all: _ } => {
            Operation::SensorRelease(SensorRelease { sensor: sensor.clone() })
        }
    }
}

fn event(command: &CtlEvent) -> Operation {
    let CtlEvent::Inject { sensor, offset, deassert, data, record } = command;
    Operation::EventInject(EventInject {
        sensor: sensor.clone(),
        offset: *offset,
        deassert: *deassert,
        data: *data,
        record: record.clone(),
    })
}

fn quirk(command: &CtlQuirk) -> Operation {
    match command {
        CtlQuirk::List => Operation::QuirkList(Nothing {}),
        CtlQuirk::Set { quirks } => {
            let quirks = quirks.iter().map(|quirk| quirk.name().to_owned()).collect();
            Operation::QuirkSet(QuirkSet { quirks })
        }
        CtlQuirk::Clear => Operation::QuirkSet(QuirkSet { quirks: Vec::new() }),
    }
}

fn fault(command: &CtlFault) -> Operation {
    match command {
        CtlFault::List => Operation::FaultList(Nothing {}),
        CtlFault::Set { faults } => Operation::FaultSet(FaultSet { faults: faults.clone() }),
        CtlFault::Clear => Operation::FaultSet(FaultSet { faults: Vec::new() }),
    }
}

fn self_test(result: &CtlSelfTestResult) -> Operation {
    let (result, flags, code) = match result {
        CtlSelfTestResult::Passed => (SelfTestResult::Passed, None, None),
        CtlSelfTestResult::NotImplemented => (SelfTestResult::NotImplemented, None, None),
        CtlSelfTestResult::Corrupted { flags } => {
            (SelfTestResult::Corrupted, Some(flags.clone()), None)
        }
        CtlSelfTestResult::Fatal { code } => (SelfTestResult::Fatal, None, Some(*code)),
    };
    Operation::SelfTestSet(SelfTestSet { result, flags, code })
}

const fn lease(command: &CtlLease) -> Operation {
    match command {
        CtlLease::Give { address, netmask, gateway } => Operation::LeaseGive(LeaseGive {
            address: *address,
            netmask: *netmask,
            gateway: *gateway,
        }),
        CtlLease::Lose => Operation::LeaseLose(Nothing {}),
    }
}

const fn session(command: &CtlSession) -> Operation {
    match command {
        CtlSession::List => Operation::SessionList(Nothing {}),
        CtlSession::End { session, all } => {
            Operation::SessionEnd(SessionEnd { session: *session, all: *all })
        }
    }
}

const CONTROL_SOCKET: crate::codes::Code = crate::codes::Code::CONTROL_SOCKET;

/// What went wrong, why, and what can be done.
fn told(socket: &Path, error: ClientError) -> Error {
    let path = socket.display();
    match error {
        ClientError::Io(error) => {
            let says = format!("control socket {path}: {error}");
            let (cause, next) = match error.kind() {
                ErrorKind::NotFound => (
                    "no BMC runs with this control socket",
                    "lantern bmc run FILE --control PATH, or look at the path",
                ),
                ErrorKind::ConnectionRefused => (
                    "the BMC that made it has ended without removing it",
                    "start it again: it replaces what it finds",
                ),
                ErrorKind::PermissionDenied => (
                    "only the user that runs the BMC may use it",
                    "run this as that user: 'ls -l' shows whose it is",
                ),
                ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => (
                    "the BMC was stopped, or what answers there is no BMC",
                    "look whether it runs, and repeat the command if it has not been done",
                ),
                _ => ("what answers there may be no BMC", "look at the path"),
            };
            Error::told(Exit::NoSession, says).code(CONTROL_SOCKET).cause(cause).next(next)
        }
        ClientError::Stranger(user) => {
            let says = format!("control socket {path} is refused: user {user} answers there");
            Error::told(Exit::NoSession, says)
                .code(CONTROL_SOCKET)
                .cause("only a BMC of your own, or root's, is spoken to")
                .next("look whose the socket is, and who runs the BMC")
        }
        ClientError::Nonsense(_) => Error::told(Exit::Failed, error.to_string())
            .cause("what answers there is no BMC, or one of another version"),
        ClientError::Refused(refusal) => refused(refusal),
    }
}

fn refused(Refusal { code, message }: Refusal) -> Error {
    let exit = match code {
        Code::Forbidden | Code::Busy => Exit::NoSession,
        _ => Exit::Failed,
    };
    let (cause, next) = match code {
        Code::Forbidden => (
            Some("only the user that runs the BMC may use its control socket"),
            "run this as that user",
        ),
        Code::Busy => (None, "end another 'lantern bmc ctl', or read faster"),
        Code::NoSuchBmc | Code::WhichBmc => (None, "--bmc NAME; 'lantern bmc ctl list' has them"),
        Code::NoSuchSensor => (None, "'lantern bmc ctl sensor list' has them all"),
        Code::WrongKind => (None, "a value for a sensor with a unit, else --states"),
        Code::NotSettable => (None, "choose another sensor; 'event inject' only logs"),
        Code::NoSuchSession => (
            Some("it has ended, or timed out"),
            "'lantern bmc ctl session list' has those there are",
        ),
        Code::NoSuchQuirk => (None, "'lantern bmc ctl quirk list' has them all"),
        Code::NoSuchFault => (None, "'lantern bmc ctl fault list' has them all"),
        Code::NoConsole => (None, "docs/serial.md has what a port can be wired to"),
        Code::Disabled => (
            Some("a console has disabled it with Set Front Panel Enables"),
            "ipmitool raw 0x00 0x0a 0x00 enables all buttons",
        ),
        Code::NoMains => (None, "lantern bmc ctl mains restore"),
        Code::Unsupported => (None, "the simulated machine can do it"),
        Code::Refused => {
            (Some("the machine is in a state in which this makes no sense"), "look at 'status'")
        }
        Code::LogFull => (None, "lantern bmc ctl sel clear"),
        Code::NotKept => (Some("the disk of --state is full, or fails"), "look at it"),
        Code::Malformed | Code::TooLong | Code::UnknownOperation | Code::BadRequest => {
            (None, "if the command is right, the BMC may be of another version")
        }
    };
    let error = Error::told(exit, message).next(next);
    match cause {
        Some(cause) => error.cause(cause),
        None => error,
    }
}
