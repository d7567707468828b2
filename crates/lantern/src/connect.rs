//! From options to a session: whom to talk to, as whom, how.

use std::net::SocketAddr;

use ipmi_client::{Bmc, Cache, Credentials, Endpoint, SessionInfo};
use ipmi_wire::Privilege;
use ipmi_wire::session::CipherSuite;
use lantern_config::Config;

use crate::cli::Globals;
use crate::error::Error;
use crate::output::Voice;
use crate::secret::Purse;
use crate::settings::settings_for;
use crate::suites::{Suites, cache_directory};

/// All that a login takes. Nothing was sent yet.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    address: SocketAddr,
    credentials: Credentials,
    /// The user named the suites, or wants nothing that was learned, so nothing is remembered and
    /// nothing is tried before them.
    suites_given: bool,
    /// Where sensor data records are kept.
    cache: Option<Cache>,
    voice: Voice,
}

/// A BMC within reach.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) bmc: Bmc,
    endpoint: Endpoint,
    /// `None` if the user named the suites.
    memory: Option<Suites>,
    voice: Voice,
}

impl Plan {
    /// What the options and `lantern.toml` mean for a command that needs the privilege `needs`. May
    /// ask for the password.
    pub(crate) fn new(
        globals: &Globals,
        config: &Config,
        needs: Privilege,
        voice: Voice,
    ) -> Result<Self, Error> {
        let host = globals.host.as_deref().ok_or_else(|| {
            Error::usage("no BMC was named").next("say which one: -H HOST, or -H HOST:PORT")
        })?;
        let settings = settings_for(globals, config, host)?;
        settings.username()?;
        let address = settings.target().resolve()?;
        let credentials = settings.credentials(needs, &mut Purse::new(globals, voice))?;
        let suites_given = !settings.learns();
        let cache = cache_directory().filter(|_| settings.cache.value).map(Cache::at);
        Ok(Self { address, credentials, suites_given, cache, voice })
    }

    /// The same for another privilege.
    pub(crate) fn for_privilege(mut self, privilege: Privilege) -> Self {
        self.credentials.privilege = privilege;
        self
    }

    /// Where the BMC is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle to the BMC. Has to be called inside a tokio runtime.
    pub(crate) fn start(self) -> Result<Console, Error> {
        let Self { address, credentials, suites_given, cache, voice } = self;
        let endpoint = Endpoint::bind().map_err(ipmi_client::Error::from)?;
        let memory = (!suites_given).then(Suites::load);
        if let Some(suite) = memory.as_ref().and_then(|memory| memory.recall(address)) {
            tracing::info!(bmc = %address, "{suite} is tried first: a better one was refused before");
            endpoint.remember(address, suite);
        }
        let mut bmc = Bmc::new(&endpoint, address, credentials);
        if let Some(cache) = &cache {
            bmc = bmc.with_cache(cache);
        }
        Ok(Console { bmc, endpoint, memory, voice })
    }
}

impl Console {
    /// Logs in.
    pub(crate) async fn log_in(&mut self) -> Result<SessionInfo, Error> {
        let address = self.bmc.address();
        let info = self.bmc.connect().await?;
        tracing::info!(bmc = %address, privilege = %self.bmc.privilege(), "logged in, {}", info.agreed);
        if let Some((last, status)) = info.refused.last() {
            let others = info.refused.len().saturating_sub(1);
            let others = if others > 0 { format!(" and {others} more") } else { String::new() };
            self.voice
                .note(&format!("{last}{others} was refused ({status}), using {}", info.agreed));
            if let Some(memory) = self.memory.take() {
                // The preferred one needs no memory.
                let suite = info.agreed.suite();
                memory.learn(address, suite.filter(|suite| *suite != CipherSuite::SUITE_17));
            }
        }
        Ok(info)
    }

    /// Gives the BMC its session back, without waiting for its consent.
    pub(crate) async fn end(self) {
        self.endpoint.shutdown().await;
        let (sent, received) = self.endpoint.datagrams();
        tracing::debug!(sent, received, "datagrams in all");
    }
}
