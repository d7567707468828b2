//! Clearing the SDR repository and the log: one procedure for both.
//!
//! Clearing is begun once and then watched. A request whose answer was lost is never sent again:
//! what was logged since would go with it. What became of it is looked up instead.

use std::time::Duration;

use ipmi_wire::cmd::storage::{EraseAction, EraseProgress, ReservationId};
use ipmi_wire::{Command, CompletionCode};

use tokio::time::Instant;

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// What can be cleared.
pub(crate) trait Erasable {
    /// What takes a reservation.
    type Reserve: Command<Response = ReservationId>;
    /// What clears, and tells how far it has come.
    type Clear: Command<Response = EraseProgress>;

    const RESERVE: Self::Reserve;
    fn clear(reservation: ReservationId, action: EraseAction) -> Self::Clear;
    /// Whether it was cleared since this was made.
    fn is_cleared(&self, bmc: &Bmc) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// How often the request is refused because somebody else took the reservation, or the BMC is busy.
const REFUSALS: u32 = 8;
/// How often the BMC is asked how far it has come: at first, and at most.
const POLL: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// "Being erased", from any command of the log. IPMI v2.0 §31.2 to §31.8.
const BEING_ERASED: CompletionCode = CompletionCode(0x81);

/// Clears and waits until that is done, at most until `patience` is over.
pub(crate) async fn erase<E: Erasable>(
    bmc: &Bmc,
    what: &E,
    patience: Duration,
) -> Result<(), Error> {
    let begun = Instant::now();
    let (reservation, progress) = match begin::<E>(bmc).await {
        Ok(begun) => begun,
        // The answer was lost: was the request?
        Err(error) if error.completion().is_none() => {
            return match settle(bmc, what, begun, patience).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(error),
                // That the second question failed too adds nothing.
                Err(_) => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    if progress == EraseProgress::Completed {
        return Ok(());
    }
    watch(bmc, what, reservation, begun, patience).await
}

/// Sends the request until it is not refused for a passing reason: what was refused has cleared
/// nothing.
async fn begin<E: Erasable>(bmc: &Bmc) -> Result<(ReservationId, EraseProgress), Error> {
    let mut refused: u32 = 0;
    let mut reservation = reserve::<E>(bmc).await?;
    loop {
        let outcome = bmc.send_once(&E::clear(reservation, EraseAction::Initiate)).await;
        match outcome.as_ref().err().and_then(Error::completion) {
            Some(CompletionCode::RESERVATION_CANCELED) if refused < REFUSALS => {
                reservation = reserve::<E>(bmc).await?;
            }
            Some(CompletionCode::NODE_BUSY) if refused < REFUSALS => {
                tokio::time::sleep(POLL.0.saturating_mul(refused)).await;
            }
            _ => return outcome.map(|progress| (reservation, progress)),
        }
        refused = refused.saturating_add(1);
    }
}

async fn reserve<E: Erasable>(bmc: &Bmc) -> Result<ReservationId, Error> {
    match bmc.send_patiently(0, &E::RESERVE, BEING_ERASED).await {
        // A BMC without reservations clears without.
        Err(error) if error.completion() == Some(CompletionCode::INVALID_COMMAND) => {
            Ok(ReservationId::NONE)
        }
        outcome => outcome,
    }
}

async fn watch<E: Erasable>(
    bmc: &Bmc,
    what: &E,
    mut reservation: ReservationId,
    begun: Instant,
    patience: Duration,
) -> Result<(), Error> {
    let (mut pause, longest) = POLL;
    let mut silence = None;
    loop {
        if begun.elapsed() >= patience {
            if let Some(error) = silence {
                return Err(error);
            }
            let why = "the BMC is still clearing; it goes on by itself, but was not waited for";
            return Err(bmc.error(E::Clear::NAME, ErrorKind::Inconsistent(why)));
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(longest);
        let answer = bmc.send(&E::clear(reservation, EraseAction::Status)).await;
        silence = None;
        match answer {
            Ok(EraseProgress::Completed) => return Ok(()),
            Ok(EraseProgress::InProgress) => {}
            // Some do nothing else while they clear, and have ended the session by then.
            Err(error) if is_silent(&error) => {
                silence = Some(error);
            }
            // Clearing cancels the reservation, and OpenBMC minds that even here.
            Err(error) if error.completion() == Some(CompletionCode::RESERVATION_CANCELED) => {
                if what.is_cleared(bmc).await? {
                    return Ok(());
                }
                reservation = reserve::<E>(bmc).await?;
            }
            Err(error)
                if matches!(error.completion(), Some(BEING_ERASED | CompletionCode::NODE_BUSY)) => {
            }
            // Hardly any client asks this, so BMCs that do not know the question went unnoticed.
            Err(error) => {
                let cleared = settle(bmc, what, begun, patience).await.unwrap_or(false);
                return if cleared { Ok(()) } else { Err(error) };
            }
        }
    }
}

/// Whether the BMC says nothing, rather than something that waiting does not mend.
fn is_silent(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Call(_) => true,
        ErrorKind::Session(error) => error.is_transient(),
        _ => false,
    }
}

/// Whether it was cleared in spite of everything. A BMC that says that it is at it is waited for,
/// and so is one that says nothing: some do nothing else meanwhile.
async fn settle<E: Erasable>(
    bmc: &Bmc,
    what: &E,
    begun: Instant,
    patience: Duration,
) -> Result<bool, Error> {
    let (mut pause, longest) = POLL;
    loop {
        match what.is_cleared(bmc).await {
            Err(error)
                if (error.completion() == Some(BEING_ERASED) || is_silent(&error))
                    && begun.elapsed() < patience =>
            {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(longest);
            }
            outcome => return outcome,
        }
    }
}
