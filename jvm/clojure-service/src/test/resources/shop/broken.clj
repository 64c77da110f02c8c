(ns shop.broken (:require [shop.nowhere]))
