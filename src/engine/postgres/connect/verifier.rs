//! Whether a server is who it says, as libpq would judge.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::common_name;

/// Which servers are trusted.
pub(super) enum Trust {
    /// Whoever answers.
    Anybody,
    /// One with a certificate that one of these has signed.
    Signed(Vec<CertificateDer<'static>>),
    /// One whose certificate is also for the host that was asked for.
    Named(Vec<CertificateDer<'static>>),
}

/// Decides about certificates.
pub(super) struct Verifier {
    trust: Trust,
    store: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Verifier")
    }
}

/// A store of the certificates that can be used as roots.
fn store(certificates: &[CertificateDer<'static>]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates.iter().cloned());
    store
}

impl Verifier {
    pub(super) fn new(trust: Trust) -> Self {
        let store = match &trust {
            Trust::Anybody => RootCertStore::empty(),
            Trust::Signed(roots) | Trust::Named(roots) => store(roots),
        };
        Self { trust, store, provider: Arc::new(ring::default_provider()) }
    }

    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        Arc::clone(&self.provider)
    }

    fn check_signed(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
        roots: &[CertificateDer<'static>],
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &self.store, between, now, algorithms) {
            // Who made a certificate for the server and gave that out as the root trusts it, whatever else it is for.
            Err(error) if roots.iter().any(|root| root == certificate) && !is_about_time(&error) => Ok(()),
            result => result,
        }
    }
}

fn is_about_time(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let Error::InvalidCertificate(error) = error else { return false };
    matches!(error, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

/// A certificate without names beside its subject is for the host that its subject names, as libpq has it.
fn check_name(certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    match verify_server_name(&parsed, host) {
        Err(_) if common_name::is_for(certificate, &host.to_str()) => Ok(()),
        result => result,
    }
}

fn public_key(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let key = Certificate::from_der(certificate).ok()?.tbs_certificate.subject_public_key_info;
    key.to_der().ok().map(SubjectPublicKeyInfoDer::from)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Anybody => {}
            Trust::Signed(roots) => self.check_signed(end_entity, intermediates, now, roots)?,
            Trust::Named(roots) => {
                self.check_signed(end_entity, intermediates, now, roots)?;
                check_name(end_entity, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match (verify_tls13_signature(message, cert, dss, algorithms), public_key(cert)) {
            // A certificate of version 1 is not read there; that its owner is the one who answers can be known anyway.
            (Err(Error::InvalidCertificate(CertificateError::Other(_))), Some(key)) => {
                verify_tls13_signature_with_raw_key(message, &key, dss, algorithms)
            }
            (result, _) => result,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
