//! One call, over as many sessions as it takes.
//!
//! A session may be lost in the middle of a call: the BMC restarted, or nothing gets through. What
//! may run twice is asked again in a new session, once, and all within one limit. What must not is
//! asked again only if it was certainly never sent.

use std::time::Duration;

use ipmi_session::console::{Call, Failure, SessionError};
use ipmi_wire::{Effect, Response};
use tokio::time::{Instant, timeout_at};

use super::Bmc;
use crate::error::{Error, ErrorKind};

/// A call that ends in silence, a login, and one more call: each has
/// [`Timing::deadline`](crate::Timing::deadline).
const LEGS: u32 = 3;

impl Bmc {
    /// The longest that one call takes, logging in and repeating it included: three times the
    /// [`deadline`](crate::Timing::deadline) of the credentials' timing. What is not answered by
    /// then ends as if it never were.
    #[must_use]
    pub fn longest_call(&self) -> Duration {
        self.shared.credentials.timing.deadline.saturating_mul(LEGS)
    }

    pub(super) async fn call(&self, name: &'static str, call: Call) -> Result<Response, Error> {
        let begun = Instant::now();
        let limit = begun.checked_add(self.longest_call()).unwrap_or(begun);
        let mut before: Option<ErrorKind> = None;
        loop {
            let opened = match timeout_at(limit, self.session()).await {
                Ok(Ok(opened)) => opened,
                Ok(Err(login)) => {
                    return Err(match before.filter(|kind| counts(kind, call.effect, &login)) {
                        Some(kind) => self.error(name, kind),
                        None => login,
                    });
                }
                // Others were logging in all the time.
                Err(_) => {
                    let kind = before.unwrap_or(ErrorKind::Call(Failure::NotSent));
                    return Err(self.error(name, kind));
                }
            };
            let Ok(outcome) = timeout_at(limit, self.exchange(opened.id, call.clone())).await
            else {
                // It may be on the wire by now, even if the try before never was.
                let late = ErrorKind::Call(overdue(call.effect, begun.elapsed()));
                return Err(self.error(name, before.filter(was_sent).unwrap_or(late)));
            };
            let kind = match outcome {
                Ok(response) => return Ok(response),
                Err(kind) => self.judge(kind, call.effect),
            };
            // The BMC may have restarted and forgotten the session, or it is over here: the next
            // call logs in anew.
            if ends_session(&kind) {
                self.drop_session(opened.id);
            }
            let repeated = before.is_some();
            // That the second try was never sent says nothing of the first.
            let kind = match before {
                Some(first) if was_sent(&first) && !was_sent(&kind) => first,
                _ => kind,
            };
            // There is no other session to try in where there is none.
            if repeated || self.is_local() || !may_be_repeated(&kind, call.effect) {
                return Err(self.error(name, kind));
            }
            before = Some(kind);
        }
    }

    /// One exchange in one session, which is not given up whatever comes of it.
    pub(super) async fn exchange(&self, session: u32, call: Call) -> Result<Response, ErrorKind> {
        let call = self.addressed(call);
        #[cfg(test)]
        if let Some(fake) = &self.shared.fake {
            // As a network would, it lets others in between.
            tokio::task::yield_now().await;
            return fake.answer(session, &call);
        }
        self.shared.exchange(session, call).await
    }

    /// What an outcome means for a request that may have been sent before it came.
    pub(super) fn judge(&self, kind: ErrorKind, effect: Effect) -> ErrorKind {
        match kind {
            // The system refused a copy; the one before it may have got there.
            ErrorKind::Io(_)
                if effect == Effect::Once && self.shared.credentials.refuses_replays =>
            {
                ErrorKind::Call(Failure::Uncertain)
            }
            kind => kind,
        }
    }
}

/// Whether a new session may try once more.
const fn may_be_repeated(kind: &ErrorKind, effect: Effect) -> bool {
    match kind {
        ErrorKind::Call(Failure::NotSent) => true,
        // Interrupted by another call, which found that the session is dead: an endpoint that is
        // shut down gives no other one.
        ErrorKind::Call(
            Failure::NoAnswer { .. } | Failure::Unreachable(_) | Failure::Interrupted,
        ) => {
            matches!(effect, Effect::Read | Effect::Idempotent)
        }
        _ => false,
    }
}

/// Whether the request may have got there.
fn was_sent(kind: &ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Call(Failure::NotSent))
}

/// Whether how a try ended is told rather than why there is no session for another. It is if it may
/// have changed something, for "no session" reads as if nothing was sent; and if nobody answers a
/// login either, which adds nothing.
fn counts(kind: &ErrorKind, effect: Effect, login: &Error) -> bool {
    let silent = matches!(
        login.session_error(),
        Some(SessionError::NoAnswer { .. } | SessionError::Unreachable { .. })
    );
    was_sent(kind) && (effect != Effect::Read || silent)
}

/// What becomes of a call that is waited for no longer.
const fn overdue(effect: Effect, waited: Duration) -> Failure {
    match effect {
        Effect::Read | Effect::Idempotent => Failure::NoAnswer { sent: 0, waited },
        Effect::Once => Failure::Uncertain,
    }
}

/// Whether a call that came to this leaves no session that would be worth another.
const fn ends_session(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Call(
            Failure::NotSent
                | Failure::NoAnswer { .. }
                | Failure::Uncertain
                | Failure::Unreachable(_)
        ) | ErrorKind::Io(_)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ipmi_session::console::Unreachable;
    use ipmi_wire::Request;
    use ipmi_wire::cmd::app::{ColdReset, GetDeviceId};

    use super::*;
    use crate::fake::{Machine, lost};

    /// A machine that does not answer the first `silent` requests.
    fn silent(
        silent: u32,
        trouble: impl Fn(&Request) -> ErrorKind + Send + 'static,
    ) -> Arc<Machine> {
        let machine = Machine::new();
        let mut left = silent;
        machine.hook(move |_, request| {
            left = left.checked_sub(1)?;
            Some(Err(trouble(request)))
        });
        machine
    }

    fn unreachable(_: &Request) -> ErrorKind {
        ErrorKind::Call(Failure::Unreachable(Unreachable::Port))
    }

    /// What a call in flight comes to when another one finds that the session is dead.
    fn interrupted(_: &Request) -> ErrorKind {
        ErrorKind::Call(Failure::Interrupted)
    }

    fn not_sent(_: &Request) -> ErrorKind {
        ErrorKind::Call(Failure::NotSent)
    }

    #[tokio::test]
    async fn what_may_run_twice_is_asked_again_in_a_new_session_once() {
        for trouble in [lost, unreachable, not_sent, interrupted] {
            let machine = silent(1, trouble);
            machine.bmc().send(&GetDeviceId).await.unwrap();
            assert_eq!(machine.count::<GetDeviceId>(), 2);
            let machine = silent(u32::MAX, trouble);
            machine.bmc().send(&GetDeviceId).await.unwrap_err();
            assert_eq!(machine.count::<GetDeviceId>(), 2);
        }
    }

    #[tokio::test]
    async fn what_must_not_run_twice_is_asked_again_only_if_it_was_never_sent() {
        let machine = silent(1, lost);
        let error = machine.bmc().send(&ColdReset).await.unwrap_err();
        assert!(error.is_unknown());
        assert_eq!(machine.count::<ColdReset>(), 1);
        // Refused in the end, because this machine has no such command.
        let machine = silent(1, not_sent);
        let error = machine.bmc().send(&ColdReset).await.unwrap_err();
        assert!(error.completion().is_some());
        assert_eq!(machine.count::<ColdReset>(), 2);
    }

    /// As [`silent`], for one request; each further one ends in what `then` says.
    async fn twice(
        first: impl Fn(&Request) -> ErrorKind + Send + 'static,
        then: impl Fn(&Request) -> ErrorKind + Send + 'static,
    ) -> Error {
        let machine = Machine::new();
        let mut tries = 0;
        machine.hook(move |_, request| {
            tries += 1;
            Some(Err(if tries == 1 { first(request) } else { then(request) }))
        });
        machine.bmc().send(&GetDeviceId).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_second_try_that_was_never_sent_does_not_make_the_first_one_so() {
        let error = twice(lost, not_sent).await;
        assert!(matches!(*error.kind, ErrorKind::Call(Failure::NoAnswer { .. })), "{error}");
        let error = twice(unreachable, not_sent).await;
        assert!(matches!(*error.kind, ErrorKind::Call(Failure::Unreachable(_))), "{error}");
        let error = twice(not_sent, lost).await;
        assert!(matches!(*error.kind, ErrorKind::Call(Failure::NoAnswer { .. })), "{error}");
        let error = twice(not_sent, not_sent).await;
        assert!(matches!(*error.kind, ErrorKind::Call(Failure::NotSent)), "{error}");
    }

    #[tokio::test]
    async fn no_session_is_told_only_where_nothing_can_have_changed() {
        let bmc = Machine::new().bmc();
        let login = |why| bmc.error("log in", ErrorKind::Session(why));
        let refused = || login(SessionError::WrongKg);
        let no_answer = ErrorKind::Call(overdue(Effect::Read, Duration::from_secs(5)));
        assert!(counts(&no_answer, Effect::Idempotent, &refused()));
        assert!(!counts(&no_answer, Effect::Read, &refused()));
        let (stage, what) = (ipmi_session::console::Stage::OpenSession, Unreachable::Port);
        let closed = login(SessionError::Unreachable { stage, what });
        assert!(counts(&no_answer, Effect::Read, &closed));
        let not_sent = ErrorKind::Call(Failure::NotSent);
        assert!(!counts(&not_sent, Effect::Idempotent, &refused()));
    }
}
