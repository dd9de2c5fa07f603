"""Postal addresses in bodies and answers."""

from rest_framework import serializers

from core.api.fields import CountryField, StrictSerializer, TextField


class AddressSerializer(StrictSerializer):
    """Where something goes. `country` is ISO 3166-1 alpha-2; a wrong postcode is not ours to refuse."""

    name = TextField(max_length=200, allow_blank=True, required=False)
    company = TextField(max_length=200, allow_blank=True, required=False)
    line1 = TextField(max_length=200, allow_blank=True, required=False)
    line2 = TextField(max_length=200, allow_blank=True, required=False)
    city = TextField(max_length=100, allow_blank=True, required=False)
    region = TextField(max_length=100, allow_blank=True, required=False)
    postal_code = TextField(max_length=20, allow_blank=True, required=False)
    country = CountryField(allow_blank=True, required=False)
    phone = TextField(max_length=40, allow_blank=True, required=False)


class AddressShownSerializer(serializers.Serializer):
    """An address as we know it; what nobody knows is empty."""

    name = serializers.CharField()
    company = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    postal_code = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.CharField()
