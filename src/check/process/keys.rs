//! What connections over TLS are made with: the files of the block `SSL`.

use std::path::Path;

use super::CheckProcess;
use crate::check::checker::{Checker, Kind};
use crate::control_plane::Config;
use crate::control_plane::diag::{Code, Diag, Severity};
use crate::net::tls::{KeyFiles, TlsContext, TlsError};

impl CheckProcess {
    /// Use what was read when the configuration was judged, at the start and at each
    /// reload: certificates are renewed.
    pub(super) fn take_keys(&mut self) {
        if let Some(context) = self.keys.take() {
            self.talks.use_tls(context);
        }
    }
}

/// Read the files. They are of no use without a check over TLS.
///
/// # Errors
/// Why checks over TLS cannot be made as the configuration wants them.
pub(super) fn read(config: &Config) -> Result<Option<TlsContext>, TlsError> {
    is_wanted(config).then(|| context(config)).transpose()
}

/// What [`read`] says against a configuration, as a message about it.
pub(super) fn mistake(config: &Config) -> Option<Diag> {
    let why = read(config).err()?.to_string();
    let keys = config.check.tls.as_ref();
    let files = keys.map(|keys| [&keys.ca, &keys.certificate, &keys.key]);
    let files = files.into_iter().flatten().flatten();
    let mut named = files.filter(|file| why.contains(&file.value));
    let span = named.next().map(|file| file.span);
    Some(Diag::new(Code::General, Severity::Error, span, why))
}

fn context(config: &Config) -> Result<TlsContext, TlsError> {
    let keys = config.check.tls.as_ref();
    TlsContext::new(&KeyFiles {
        ca: keys.and_then(|keys| Some(Path::new(&keys.ca.as_ref()?.value))),
        certificate: keys.and_then(|keys| Some(Path::new(&keys.certificate.as_ref()?.value))),
        key: keys.and_then(|keys| Some(Path::new(&keys.key.as_ref()?.value))),
        password: keys.and_then(|keys| keys.password.as_ref()),
    })
}

/// Whether there is a check over TLS.
fn is_wanted(config: &Config) -> bool {
    let servers = config.check.services.iter();
    let servers = servers.flat_map(|service| &service.servers);
    let uses_tls = |checker: &Checker| match &checker.kind {
        Kind::Http(http) => http.tls.is_some(),
        Kind::Tcp(_)
        | Kind::Smtp(_)
        | Kind::Dns(_)
        | Kind::Udp(_)
        | Kind::Ping(_)
        | Kind::Misc(_)
        | Kind::File(_)
        | Kind::Bfd(_) => false,
    };
    servers.flat_map(|server| &server.checkers).any(uses_tls)
}
