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
use crate::outcome::{Observation, Verdict};

/// What can be cleared.
pub(crate) trait Erasable {
    /// What takes a reservation.
    type Reserve: Command<Response = ReservationId>;
    /// What clears, and tells how far it has come.
    type Clear: Command<Response = EraseProgress>;

    const RESERVE: Self::Reserve;
    fn clear(reservation: ReservationId, action: EraseAction) -> Self::Clear;
    /// Whether it was cleared since this was made: see [`erased`].
    fn look(&self, bmc: &Bmc) -> impl Future<Output = Result<Observation, Error>> + Send;
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
        // The answer was lost, or makes no sense: was it done?
        Err(error)
            if error.leaves_doubt() || matches!(*error.kind, ErrorKind::Malformed { .. }) =>
        {
            return match settle(bmc, what, begun, patience).await {
                Ok(seen) if seen.proves == Some(Verdict::Happened) => Ok(()),
                Ok(seen) => Err(error.having_seen(seen)),
                Err(why) => Err(error.having_seen(Observation::failed::<E::Clear>(&why))),
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
            Err(error) if error.is_silence() => {
                silence = Some(error);
            }
            // Clearing cancels the reservation, and OpenBMC minds that even here.
            Err(error) if error.completion() == Some(CompletionCode::RESERVATION_CANCELED) => {
                if what.look(bmc).await?.proves == Some(Verdict::Happened) {
                    return Ok(());
                }
                reservation = reserve::<E>(bmc).await?;
            }
            Err(error)
                if matches!(error.completion(), Some(BEING_ERASED | CompletionCode::NODE_BUSY)) => {
            }
            // Hardly any client asks this, so BMCs that do not know the question went unnoticed.
            Err(error) => {
                let seen = settle(bmc, what, begun, patience).await;
                let cleared = seen.is_ok_and(|seen| seen.proves == Some(Verdict::Happened));
                return if cleared { Ok(()) } else { Err(error) };
            }
        }
    }
}

/// What a count and the time of the last erasure, before and now, say of whether all was cleared in
/// between. `things` are what is counted.
///
/// Deleting a single one sets the time too (IPMI v2.0 §31.2, §33.9), so that fewer, erased since,
/// may be somebody else's doing: it counts only if `all_new`, if what is left was added since. And
/// where the BMC keeps no time, as many as before may be other ones.
pub(crate) fn erased<C: Command>(
    things: &str,
    (before, erased_before): (u16, u32),
    (now, erased_now): (u16, u32),
    all_new: bool,
) -> Observation {
    let kept = !matches!(erased_before, 0 | u32::MAX);
    let one = |words: &str| Observation::of::<C>(format!("{now} {things}; {words}"));
    if now == 0 {
        return Observation::of::<C>(format!("no {things}")).proving(Verdict::Happened);
    }
    match erased_now == erased_before {
        false => one("something was erased since the request")
            .proving_if(now < before && all_new, Verdict::Happened),
        true if kept && now >= before => {
            one("nothing was erased since the request").proving(Verdict::NotDone)
        }
        true => one(&format!("{before} before the request")),
    }
}

/// Whether it was cleared in spite of everything. A BMC that says that it is at it is waited for,
/// and so is one that says nothing: some do nothing else meanwhile.
async fn settle<E: Erasable>(
    bmc: &Bmc,
    what: &E,
    begun: Instant,
    patience: Duration,
) -> Result<Observation, Error> {
    let (mut pause, longest) = POLL;
    loop {
        match what.look(bmc).await {
            Err(error)
                if (error.completion() == Some(BEING_ERASED) || error.is_silence())
                    && begun.elapsed() < patience =>
            {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(longest);
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::cmd::storage::GetSelInfo;

    use super::*;

    #[test]
    fn what_a_log_without_a_clock_leaves_open_is_open() {
        use Verdict::{Happened, NotDone};
        for (before, now, proves) in [
            ((9, 100), (0, 100), Some(Happened)),
            ((9, 100), (1, 150), Some(Happened)),
            // One was deleted, and one came: or all were erased, and as many came.
            ((1, 100), (1, 150), None),
            ((9, 100), (9, 100), Some(NotDone)),
            ((9, 100), (10, 100), Some(NotDone)),
            ((9, 100), (1, 100), None),
            // A BMC that keeps no time, and says in its log that it was cleared.
            ((1, 0), (1, 0), None),
            ((1, u32::MAX), (1, u32::MAX), None),
        ] {
            let seen = erased::<GetSelInfo>("events", before, now, true);
            assert_eq!(seen.proves, proves, "{before:?} {now:?}: {seen:?}");
            // Somebody else deleted some.
            let seen = erased::<GetSelInfo>("events", before, now, false);
            let sure = proves.filter(|_| now.0 == 0 || now.1 == before.1);
            assert_eq!(seen.proves, sure, "{before:?} {now:?}: {seen:?}");
        }
    }
}
