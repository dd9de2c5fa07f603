"""Value-added tax to start with: standard rate, and the reduced rate that most food takes, from a day on.

A starting point for whoever sets up the shop, who is responsible for the rates in the end.
"""

LONG_AGO = "2000-01-01"

# region: [(from, standard %, reduced %)]; entered with the rates of its country. The Azores, and Madeira.
REGION_RATES: dict[str, list[tuple[str, str, str]]] = {
    "PT-20": [(LONG_AGO, "18", "9"), ("2021-07-01", "16", "9")],
    "PT-30": [(LONG_AGO, "22", "12")],
}
# country: [(from, standard %, reduced %)]
TAX_RATES: dict[str, list[tuple[str, str, str]]] = {
    "DE": [
        (LONG_AGO, "16", "7"),
        ("2007-01-01", "19", "7"),
        ("2020-07-01", "16", "5"),
        ("2021-01-01", "19", "7"),
    ],
    "AT": [(LONG_AGO, "20", "10")],
    "BE": [(LONG_AGO, "21", "6")],
    "BG": [(LONG_AGO, "20", "9")],
    "CH": [(LONG_AGO, "7.7", "2.5"), ("2024-01-01", "8.1", "2.6")],
    "CY": [(LONG_AGO, "19", "5")],
    "CZ": [(LONG_AGO, "21", "15"), ("2024-01-01", "21", "12")],
    "DK": [(LONG_AGO, "25", "25")],
    "EE": [(LONG_AGO, "20", "9"), ("2024-01-01", "22", "9"), ("2025-07-01", "24", "9")],
    "ES": [(LONG_AGO, "21", "10")],
    "FI": [(LONG_AGO, "24", "14"), ("2024-09-01", "25.5", "14"), ("2026-01-01", "25.5", "13.5")],
    "FR": [(LONG_AGO, "20", "5.5")],
    "GB": [(LONG_AGO, "17.5", "0"), ("2011-01-04", "20", "0")],
    "GR": [(LONG_AGO, "24", "13")],
    "HR": [(LONG_AGO, "25", "13")],
    "HU": [(LONG_AGO, "27", "18")],
    "IE": [(LONG_AGO, "23", "13.5")],
    "IT": [(LONG_AGO, "22", "10")],
    "LT": [(LONG_AGO, "21", "9")],
    "LU": [(LONG_AGO, "17", "8")],
    "LV": [(LONG_AGO, "21", "12")],
    "MT": [(LONG_AGO, "18", "5")],
    "NL": [(LONG_AGO, "21", "9")],
    "NO": [(LONG_AGO, "25", "15")],
    "PL": [(LONG_AGO, "23", "8")],
    "PT": [(LONG_AGO, "23", "13")],
    "RO": [(LONG_AGO, "19", "9"), ("2025-08-01", "21", "11")],
    "SE": [(LONG_AGO, "25", "12")],
    "SI": [(LONG_AGO, "22", "9.5")],
    "SK": [(LONG_AGO, "20", "10"), ("2025-01-01", "23", "19")],
}
