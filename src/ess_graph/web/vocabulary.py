"""stub."""
from flask import Blueprint
def blueprint(site): return Blueprint("vocabulary", __name__)
