//! A console over Serial over LAN: activated, read, written, watched over, and given back.
//!
//! A [`Console`] is a stream of characters either way. It ends for a reason that is told
//! ([`Ended`]): somebody else has taken it, the BMC is gone, it was closed. Whether it is then opened
//! anew is for whoever uses it.

mod settings;
mod watch;

use std::time::Duration;

use ipmi_session::console::{Agreed, Failure};
use ipmi_session::sol::{Piece, Settings};
use ipmi_session::{Cover, Timing};
use ipmi_wire::cmd::app::{
    ActivatePayload, DeactivatePayload, GetPayloadActivationStatus, GetPayloadInstanceInfo,
    PayloadActivated, SolActivation,
};
use ipmi_wire::session::{PayloadType, SolOperation, SolStatus};
use ipmi_wire::{Command, CompletionCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::bmc::Bmc;
use crate::endpoint::Opened;
use crate::endpoint::line::{LineCommand, LineHeard, Opening, PIECES, Typed};
use crate::error::{Error, ErrorKind};
pub use settings::{SolAccumulate, SolChange, SolPlanned, SolRetry, SolSettings};

/// How a console is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which instance, 1 to 15; 0 for the first after the first that is free, which on a BMC that
    /// has several only reads.
    pub instance: u8,
    /// Its packets are encrypted and authenticated as the session is. Else they go in the clear, if
    /// the BMC lets them.
    pub protect: bool,
    /// Whoever has it loses it.
    pub steal: bool,
    /// The session with this ID of the BMC's loses it, if that has it: one of one's own that is lost
    /// here, and that the BMC has not missed yet.
    pub steal_from: Option<u32>,
    /// After how much silence the BMC is asked whether it is there; `None` never.
    pub probe: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            instance: 1,
            protect: true,
            steal: false,
            steal_from: None,
            probe: Some(Duration::from_secs(3)),
        }
    }
}

/// Something that a console has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Characters of the system.
    Characters(Vec<u8>),
    /// The system has sent a break.
    Break,
    /// The BMC has lost characters of the system in this place.
    Lost,
    /// Characters get to the system, or no longer: it is off, or its serial port is not there. What
    /// is typed waits.
    Available(bool),
    /// It is over.
    Ended(Ended),
}

/// Why a console is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// The BMC says that it is deactivated: somebody else has done that.
    Deactivated,
    /// The BMC has given it to somebody else, or to nobody, without a word.
    Taken,
    /// The session is lost: the BMC is gone or has started anew.
    Lost,
}

/// An active console.
#[derive(Debug)]
pub struct Console {
    bmc: Bmc,
    session: Opened,
    instance: u8,
    heard: mpsc::Receiver<LineHeard>,
    levels: u8,
    /// When the BMC is next asked whose the console is; `None` if it does not say.
    ask_at: Option<Instant>,
    is_over: bool,
}

/// What writes to a console, apart from what reads it.
#[derive(Clone, Debug)]
pub struct Writer {
    bmc: Bmc,
    session: u32,
}

/// How often a BMC is asked whose the console is, while that says nothing.
const ASK: Duration = Duration::from_secs(15);
/// The payload size that is used where nobody told the right one.
const SMALL_PAYLOAD: u16 = 68;
/// How often others are thrown out before it is given up: FreeIPMI does it 17 times.
const THEFTS: usize = 8;

/// §24.1: it is active already.
const ACTIVE: CompletionCode = CompletionCode(0x80);

impl Bmc {
    /// Activates a console.
    ///
    /// # Errors
    /// As [`send`](Self::send). A console that somebody else has is refused with 80h, unless it is to
    /// be stolen.
    pub async fn console(&self, options: Options) -> Result<Console, Error> {
        let session = self.opened().await?;
        let instance = match options.instance {
            0 => self.free_instance().await?,
            instance => instance,
        };
        let heard = self.open_line(session.id, options).await?;
        let console = Console {
            bmc: self.clone(),
            instance,
            heard,
            levels: 0,
            ask_at: Instant::now().checked_add(ASK),
            is_over: false,
            session,
        };
        let payload = match console.activate(options).await {
            Ok(payload) => payload,
            Err(error) => {
                console.command(LineCommand::Close);
                return Err(error);
            }
        };
        console.command(LineCommand::Start { payload });
        Ok(console)
    }

    /// Ends the console `instance`, whoever has it; whether anybody had.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn deactivate_console(&self, instance: u8) -> Result<bool, Error> {
        let command = DeactivatePayload::sol(instance);
        match self.send_as(self.privilege(), &command).await {
            Ok(()) => Ok(true),
            Err(error) if error.completion() == Some(CompletionCode(0x80)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The first instance after the first that nobody has.
    async fn free_instance(&self) -> Result<u8, Error> {
        let question = GetPayloadActivationStatus { payload_type: PayloadType::Sol.number() };
        let status = self.send(&question).await?;
        let free = |instance: &u8| status.active >> instance.saturating_sub(1) & 1 == 0;
        (2..=status.capacity).find(free).ok_or_else(|| {
            let why = match status.capacity {
                0 | 1 => "this BMC has one console and no more: nobody can read along",
                _ => "as many read along as the BMC allows",
            };
            self.error(ActivatePayload::NAME, ErrorKind::NotPossible(why.to_owned()))
        })
    }

    async fn open_line(
        &self,
        session: u32,
        options: Options,
    ) -> Result<mpsc::Receiver<LineHeard>, Error> {
        let (heard, receiver) = mpsc::channel(PIECES);
        let (opened, is_open) = oneshot::channel();
        let cover = Cover { encrypted: options.protect, authenticated: options.protect };
        let timing = Timing { ceiling: Duration::from_secs(1), ..self.timing() };
        let settings = Settings::console(timing);
        let opening = Opening { settings, cover, probe: options.probe, heard, opened };
        let fail = |kind| self.error(ActivatePayload::NAME, kind);
        let Some(endpoint) = self.endpoint() else {
            let why = "Serial over LAN comes by the network: this is the BMC's own machine, whose \
                       serial port is what it would show";
            return Err(fail(ErrorKind::NotPossible(why.to_owned())));
        };
        endpoint.line(session, LineCommand::Open(Box::new(opening))).map_err(fail)?;
        if is_open.await.unwrap_or(false) {
            Ok(receiver)
        } else {
            let why = "Serial over LAN takes a session of IPMI 2.0";
            Err(fail(ErrorKind::NotPossible(why.to_owned())))
        }
    }
}

impl Console {
    /// The size of payloads to the BMC, once it is active.
    async fn activate(&self, options: Options) -> Result<u16, Error> {
        let protect = options.protect && self.session.agreed.and_then(Agreed::suite).is_some();
        let activation = SolActivation {
            encrypt: protect,
            authenticate: protect,
            test_mode: false,
            shared_alerts: 1,
            hold_lines: false,
        };
        let command = ActivatePayload::sol(self.instance, activation);
        let mut thefts = 0;
        loop {
            let error = match self.send(&command).await {
                Ok(PayloadActivated { inbound, .. }) => return Ok(inbound),
                Err(error) => error,
            };
            match (&*error.kind, error.completion()) {
                (ErrorKind::Call(Failure::Uncertain), _) => {
                    // The answer is lost; whose it is now tells.
                    if self.is_mine().await? == Some(true) {
                        return Ok(SMALL_PAYLOAD);
                    }
                }
                (_, Some(ACTIVE)) if thefts < THEFTS && self.may_steal(options).await? => {
                    thefts = thefts.saturating_add(1);
                    let taken = DeactivatePayload::sol(self.instance);
                    match self.send(&taken).await {
                        Ok(()) => {}
                        Err(error) if error.completion() == Some(CompletionCode(0x80)) => {}
                        Err(error)
                            if matches!(&*error.kind, ErrorKind::Call(Failure::Uncertain)) => {}
                        Err(error) => return Err(error),
                    }
                }
                _ => return Err(error),
            }
        }
    }

    /// A command in the console's own session, with all the privilege that there is: some BMCs want
    /// an administrator, whatever is set (MSI MS-91D2, `research/freeipmi.md` §5).
    async fn send<C: Command>(&self, command: &C) -> Result<C::Response, Error> {
        self.bmc.send_in_as(self.session.id, self.bmc.privilege(), command).await
    }

    /// Whether whoever has it may lose it.
    async fn may_steal(&self, options: Options) -> Result<bool, Error> {
        match options.steal_from {
            _ if options.steal => Ok(true),
            Some(victim) => Ok(self.owner().await? == Some(victim)),
            None => Ok(false),
        }
    }

    /// Whether the console is active in this session; `None` if the BMC does not say.
    async fn is_mine(&self) -> Result<Option<bool>, Error> {
        let owner = self.owner().await?;
        Ok(owner.map(|owner| Some(owner) == self.session.managed_id))
    }

    /// The BMC's ID of the session that it is active in, 0 for none; `None` if the BMC does not say.
    async fn owner(&self) -> Result<Option<u32>, Error> {
        let payload_type = PayloadType::Sol.number();
        let question = GetPayloadInstanceInfo { payload_type, instance: self.instance };
        match self.send(&question).await {
            Ok(info) => Ok(Some(info.session_id)),
            Err(error) if error.completion().is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What writes to it.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer { bmc: self.bmc.clone(), session: self.session.id }
    }

    /// The BMC's ID of the session that it is in.
    #[must_use]
    pub const fn managed_session_id(&self) -> Option<u32> {
        self.session.managed_id
    }

    /// Which instance it is.
    #[must_use]
    pub const fn instance(&self) -> u8 {
        self.instance
    }

    /// Gives the console back, and leaves the session as it is.
    ///
    /// # Errors
    /// As [`Bmc::send`]. That it is over all the same is certain at this end only.
    pub async fn deactivate(mut self) -> Result<(), Error> {
        let given_back = if self.is_over {
            Ok(())
        } else {
            self.is_over = true;
            match self.send(&DeactivatePayload::sol(self.instance)).await {
                Err(error) if error.completion() == Some(CompletionCode(0x80)) => Ok(()),
                outcome => outcome,
            }
        };
        self.command(LineCommand::Close);
        given_back
    }

    fn command(&self, command: LineCommand) {
        // With no endpoint there is no line either.
        let _ = self.bmc.endpoint().map(|endpoint| endpoint.line(self.session.id, command));
    }

    /// What a piece of the line means.
    fn tell(&mut self, heard: LineHeard) -> Option<Heard> {
        match heard {
            LineHeard::Piece(Piece::Characters(characters)) => Some(Heard::Characters(characters)),
            LineHeard::Piece(Piece::Flags(flags)) if flags & SolStatus::OVERRUN != 0 => {
                Some(Heard::Lost)
            }
            LineHeard::Piece(Piece::Flags(flags)) if flags & SolStatus::BREAK != 0 => {
                Some(Heard::Break)
            }
            LineHeard::Piece(Piece::Flags(_)) => None,
            LineHeard::Levels(levels) => {
                let before = std::mem::replace(&mut self.levels, levels);
                let unavailable = |levels: u8| levels & SolStatus::UNAVAILABLE != 0;
                if levels & SolStatus::DEACTIVATING != 0 {
                    Some(Heard::Ended(Ended::Deactivated))
                } else if unavailable(before) != unavailable(levels) {
                    Some(Heard::Available(!unavailable(levels)))
                } else {
                    None
                }
            }
        }
    }
}

impl Writer {
    /// Sends characters, once there is room for them; whether there is still a console to send them
    /// to.
    pub async fn write(&self, characters: &[u8]) -> bool {
        let (done, sent) = oneshot::channel();
        let characters = Typed(characters.to_vec());
        self.command(LineCommand::Write { characters, done }) && sent.await.is_ok()
    }

    /// Sends a break behind what was written.
    pub fn send_break(&self) {
        self.command(LineCommand::Flags(SolOperation::BREAK));
    }

    /// Has the BMC throw away what it has not passed on to the system yet.
    pub fn discard_typed(&self) {
        self.command(LineCommand::Flags(SolOperation::FLUSH_INBOUND));
    }

    /// How many characters the BMC has not taken yet, and for how long it has said nothing to that;
    /// `None` if it is over.
    pub async fn unsent(&self) -> Option<(usize, Option<Duration>)> {
        let (tell, told) = oneshot::channel();
        if self.command(LineCommand::Look(tell)) { told.await.ok() } else { None }
    }

    fn command(&self, command: LineCommand) -> bool {
        self.bmc.endpoint().is_some_and(|endpoint| endpoint.line(self.session, command).is_ok())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.command(LineCommand::Close);
    }
}
