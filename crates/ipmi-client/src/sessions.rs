//! Sessions with a BMC, other people's included.

use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::{
    ActiveSession, CloseSession, GetSessionInfo, SessionInfo, SessionSelector,
};

use crate::bmc::{Bmc, means_absent};
use crate::error::Error;

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// What the BMC calls it.
    pub handle: u8,
    /// Whose it is, and from where.
    pub session: ActiveSession,
}

/// The active sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionList {
    /// How many there can be.
    pub possible: u8,
    /// How many there are, as the BMC counts.
    pub active: u8,
    /// The handle of the session that the list was read in.
    pub own: u8,
    /// Those that it told of, by handle.
    pub sessions: Vec<ListedSession>,
}

/// What became of a session that was to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is gone.
    Closed(ListedSession),
    /// The BMC said that it closed it, and it is still there.
    StillThere(ListedSession),
    /// There was no such session.
    NotThere,
    /// It is the one that this very question is asked in: nothing was done.
    Own,
}

impl Bmc {
    /// The active sessions. One exchange for each, and one for this one; more only if the BMC counts
    /// slots where it should count sessions.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sessions(&self) -> Result<SessionList, Error> {
        let current = self.session_at(SessionSelector::Current).await?.unwrap_or(NONE);
        let mut found: Vec<ListedSession> = Vec::new();
        let mut keep = |info: &SessionInfo| {
            if let Some(session) = info.session
                && !found.iter().any(|listed| listed.handle == info.handle)
            {
                found.push(ListedSession { handle: info.handle, session });
            }
            found.len()
        };
        keep(&current);
        // Sessions begin and end meanwhile.
        let mut active = current.active;
        for index in 1..=current.possible.max(current.active) {
            let Some(info) = self.session_at(SessionSelector::Index(index)).await? else {
                continue;
            };
            active = info.active;
            if keep(&info) >= usize::from(active) && index >= active {
                break;
            }
        }
        found.sort_unstable_by_key(|listed| listed.handle);
        let SessionInfo { handle: own, possible, .. } = current;
        Ok(SessionList { possible, active, own, sessions: found })
    }

    /// Ends somebody else's session, and looks whether it is gone.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn close_session(&self, selector: SessionSelector) -> Result<Closing, Error> {
        let Some(SessionInfo { handle, session: Some(session), .. }) =
            self.session_at(selector).await?
        else {
            return Ok(Closing::NotThere);
        };
        let listed = ListedSession { handle, session };
        let current = self.session_at(SessionSelector::Current).await?;
        if current.is_some_and(|current| current.handle == handle) {
            return Ok(Closing::Own);
        }
        let (session_id, handle) = match selector {
            SessionSelector::Id(id) => (id, None),
            _ => (0, Some(handle)),
        };
        // Anybody may close the own one; somebody else's takes an administrator (IPMI v2.0 §22.19).
        let command = CloseSession { session_id, handle };
        match self.send_as(Privilege::Administrator, &command).await {
            Ok(()) => {}
            // It has ended meanwhile.
            Err(error) if error.completion().is_some_and(|code| matches!(code.0, 0x87 | 0x88)) => {
                return Ok(Closing::Closed(listed));
            }
            Err(error) => return Err(error),
        }
        let handle = SessionSelector::Handle(listed.handle);
        let after = self.session_at(handle).await?.and_then(|info| info.session);
        // A handle may be given to the next one at once: then it comes from elsewhere.
        let same =
            |after: ActiveSession| (after.user_id, after.lan) == (session.user_id, session.lan);
        Ok(match after.is_some_and(same) {
            true => Closing::StillThere(listed),
            false => Closing::Closed(listed),
        })
    }

    /// What the BMC says of a session; `None` if it refuses to speak of one that is not there.
    async fn session_at(&self, selector: SessionSelector) -> Result<Option<SessionInfo>, Error> {
        match self.send(&GetSessionInfo { selector }).await {
            Ok(info) => Ok(Some(info)),
            Err(error) if error.completion().is_some_and(means_absent) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

const NONE: SessionInfo = SessionInfo { handle: 0, possible: 0, active: 0, session: None };

#[cfg(test)]
mod tests;
